"""What a user of earthcarekit does with each type of product: find, stream, draw. Nothing is ours.

It has no reader for BM__RAD_2B, BMA_FLX_2B and AC__CLP_2B.
"""

from pathlib import Path

import earthcarekit as eck
import matplotlib

matplotlib.use("Agg")

FRAME, FRAME_OF_JAXA = "04537E", "08738E"
#: What is drawn of each type, as a curtain, a line, or a swath.
DRAWN = {
    eck.CurtainFigure: {
        "ATL_EBD_2A": "particle_extinction_coefficient_355nm",
        "ATL_AER_2A": "particle_backscatter_coefficient_355nm",
        "ATL_ICE_2A": "ice_water_content",
        "ATL_TC__2A": "classification",
        "CPR_FMR_2A": "reflectivity_corrected",
        "CPR_CD__2A": "doppler_velocity_best_estimate",
        "CPR_CLD_2A": "water_content",
        "CPR_TC__2A": "hydrometeor_classification",
        "AC__TC__2B": "synergetic_target_classification",
        "ACM_CAP_2B": "ice_water_content",
        "CPR_CLP_2A": "cloud_ice_content_1km",
    },
    eck.LineFigure: {
        "ATL_CTH_2A": "ATLID_cloud_top_height",
        "ATL_ALD_2A": "aerosol_optical_thickness_355nm",
    },
    eck.SwathFigure: {
        "AM__CTH_2B": "cloud_top_height_MSI",
        "MSI_CM__2A": "cloud_type",
        "MSI_AOT_2A": "aerosol_optical_thickness_670nm",
        "MSI_RGR_1C": "tir2",
    },
}

for figure, variables in DRAWN.items():
    for file_type, variable in variables.items():
        frame = FRAME_OF_JAXA if file_type == "CPR_CLP_2A" else FRAME
        found = eck.ecdownload(
            file_type=file_type,
            orbit_and_frame=frame,
            baseline="latest",
            is_download=False,
            return_results=True,
            verbose=False,
        )
        with eck.read_product(found["url_download_h5"].iloc[0]) as ds:
            part = ds[variable]
            assert ds["time"].dims == ("along_track",) and "along_track" in part.dims, part
            if figure is eck.SwathFigure:  # a stretch of it, as drawing all lines takes a minute
                ds = ds.isel(along_track=slice(1000, 3000))
            figure().ecplot(ds, variable).save(f"{file_type}.png")
        picture = Path(f"images/{file_type}.png")
        assert picture.stat().st_size > 10_000, picture
        print(f"{file_type}: {variable} {part.shape}")
