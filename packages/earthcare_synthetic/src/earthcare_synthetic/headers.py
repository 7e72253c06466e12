"""The header of a product, as groups in its HDF5 file and as the XML file beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from earthcare_products import msi_grid
from earthcare_products.granule_ids import GranuleId
from earthcare_products.products import catalogue_entry
from earthcare_synthetic import layout
from earthcare_synthetic.ground_track import frame_time, node_time, track
from earthcare_synthetic.notes import NOTES

Header = dict[str, Any]


def headers(product: GranuleId) -> Header:
    """Fixed and variable header of a product: nested, in the order of the real files."""
    begin, end = frame_time(product.orbit, product.frame)
    duration = (end - begin).total_seconds()
    stop = product.start_time + timedelta(seconds=round(duration))
    margin = layout.MARGIN_LINES * msi_grid.LINE_SECONDS
    lines = ceil(duration / msi_grid.LINE_SECONDS) + layout.MARGIN_LINES
    # The ascending node before the frame is that of the previous orbit for frame A.
    node = node_time(product.orbit - (product.frame == "A"))
    since = (begin - node_time(product.orbit)).total_seconds()
    latitude, longitude, _ = track(product.orbit, np.array([since, since + duration]))

    def corner(index: int) -> Header:
        position = {
            "geographicLatitude": f"{latitude[index]:.6f}",
            "geographicLongitude": f"{longitude[index]:.6f}",
        }
        return {"GeographicCoordinates": position}

    return {
        "Fixed_Header": {
            "File_Name": product.text,
            "File_Description": "",
            "Notes": NOTES,
            "Mission": "EarthCARE",
            "File_Class": product.file_class,
            "File_Type": product.file_type,
            "Validity_Period": {
                "Validity_Start": utc(product.start_time),
                "Validity_Stop": utc(stop),
            },
            "File_Version": "0001",
            "Source": {
                "System": "PDGS-CPF",
                "Creator": catalogue_entry(product.file_type).processor,
                "Creator_Version": "11.30",
                "Creation_Date": utc(product.created),
            },
        },
        "Variable_Header": {
            "MainProductHeader": {
                "productName": product.text,
                "processingStartTime": utc(product.created),
                "processingStopTime": utc(product.created + timedelta(seconds=82)),
                "sensingStartTime": utc(product.start_time - timedelta(seconds=margin)),
                "sensingStopTime": utc(
                    product.start_time + timedelta(seconds=lines * msi_grid.LINE_SECONDS)
                ),
                "orbitNumber": product.orbit,
                "frameID": product.frame,
                "frameStartTime": utc(product.start_time),
                "frameStopTime": utc(stop),
                "frameStartCoordinates": corner(0),
                "frameStopCoordinates": corner(1),
                "ANXTime": utc(node),
                "stateVectorTime": utc(node),
            },
            "SpecificProductHeader": {},
        },
    }


def utc(when: datetime) -> str:
    """A time as headers write it, without a fraction."""
    return f"UTC={when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def write_xml(product: GranuleId, path: Path) -> None:
    """Write the HDR file: root element without a namespace."""
    root = ElementTree.Element("Earth_Explorer_Header")
    _grow(root, headers(product))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', encoding="utf-8")


def _grow(parent: ElementTree.Element, entries: Header) -> None:
    for name, value in entries.items():
        child = ElementTree.SubElement(parent, name)
        if isinstance(value, dict):
            _grow(child, value)
        else:
            child.text = str(value)


def write_groups(product: GranuleId, dataset: Any) -> None:
    """Write ``/HeaderData`` of an open netCDF4 dataset: scalars, the orbit number as uint32."""
    _scalars(dataset.createGroup("HeaderData"), stored_header(product))


def stored_header(product: GranuleId) -> Header:
    """The groups and values of ``/HeaderData``: flatter than in the XML."""
    tree = headers(product)
    main = dict(tree["Variable_Header"]["MainProductHeader"])
    for edge in ("Start", "Stop"):  # scalars here, nested in the XML
        position = main.pop(f"frame{edge}Coordinates")["GeographicCoordinates"]
        main[f"frame{edge}Latitude"] = float(position["geographicLatitude"])
        main[f"frame{edge}Longitude"] = float(position["geographicLongitude"])
    return {
        "FixedProductHeader": tree["Fixed_Header"],
        "VariableProductHeader": {"MainProductHeader": main, "SpecificProductHeader": {}},
    }


def _scalars(group: Any, entries: Header) -> None:
    for name, value in entries.items():
        if isinstance(value, dict):
            _scalars(group.createGroup(name), value)
        elif isinstance(value, str):
            variable = group.createVariable(name, str, ())
            variable[...] = np.array(value, dtype=object)
        else:
            kind = "u4" if isinstance(value, int) else "f8"
            variable = group.createVariable(name, kind, ())
            variable[...] = value
