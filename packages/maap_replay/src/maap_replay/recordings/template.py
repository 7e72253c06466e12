"""The template of an item: all that follows from its id, its collection and its style."""

from __future__ import annotations

from datetime import datetime

from earthcare_products.granule_ids import GranuleId, parse_granule_id
from earthcare_products.products import PRODUCTS, catalogue_entry
from maap_replay.recordings.names import folder
from maap_replay.recordings.patch import Json

HOST = "https://catalog.maap.eo.esa.int"
CATALOGUE = f"{HOST}/catalogue"
STYLES = ("2025-08", "2025-11", "2025-12")

EXTENSIONS = [
    f"https://stac-extensions.github.io/{name}/schema.json"
    for name in (
        "alternate-assets/v1.2.0",
        "authentication/v1.1.0",
        "file/v2.1.0",
        "scientific/v1.0.0",
        "processing/v1.2.0",
        "sat/v1.0.0",
        "grid/v1.1.0",
        "product/v0.1.0",
        "timestamps/v1.1.0",
    )
]
# No processor's version is public but M-CLD's; JAXA's items say 0.0, the others of ours 0.00.
_VERSIONS = {"M-CLD": "11.30", "JAXA EarthCARE Processor": "0.0"}
# Items really name this host, although tokens come from iam.maap.eo.esa.int.
OPENID = "https://iam.ascend.icsgate.eu/realms/esa-maap/.well-known/openid-configuration"


def template(product_id: str, collection: str, style: str, end: str) -> Json:
    """Item without what is its own: geometry, bbox, some times, and whatever is unusual about it.

    Parameters
    ----------
    product_id, collection : str
        Id of the item and of its collection.
    style : {"2025-08", "2025-11", "2025-12"}
        Era of the asset keys.
    end : str
        The item's `end_datetime`, which it states in two places; empty when it has none.
    """
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [*EXTENSIONS],
        "id": product_id,
        "properties": _properties(product_id, style),
        "links": _links(product_id, collection),
        "assets": _assets(product_id, collection, style, end),
        "collection": collection,
        "geometry": None,  # stays so where the line gives none, as of auxiliary data
    }


def _properties(product_id: str, style: str) -> Json:
    name = parse_granule_id(product_id)
    kind = catalogue_entry(name.file_type)
    properties: Json = {
        "grid:code": f"WRS-{name.orbit}-{name.frame}",
        "processing:level": _level(name.file_type),
        "start_datetime": _stamp(name.start_time),
        "created": _stamp(name.created),
        "processing:facility": kind.facility,
        "product:type": name.file_type,
        "title": product_id,
        "version": name.baseline,
        "platform": "EarthCARE",
        "auth:schemes": {
            "s3": {"type": "s3"},
            "oidc": {"openIdConnectUrl": OPENID, "type": "openIdConnect"},
        },
        "datetime": _stamp(name.start_time),
        "instruments": [kind.instrument],
        "constellation": "EarthCARE",
        "sat:orbit_state": "ascending" if name.frame in "ABCH" else "descending",
        "processing:datetime": _stamp(name.created),
        "eopf:instrument_mode": kind.mode,
        "sat:absolute_orbit": name.orbit or None,
        "product:acquisition_type": kind.acquisition,
    }
    if not name.orbit:  # an orbit file states when it is valid, not when it was made
        for key in ("grid:code", "created", "sat:orbit_state", "processing:datetime"):
            del properties[key]
    if name.file_type == "AUX_JSG_1D":  # observed: not found by its orbit
        del properties["sat:absolute_orbit"]
    if kind.processor:
        properties["processing:software"] = {kind.processor: _VERSIONS.get(kind.processor, "0.00")}
    if doi := _doi(name):
        properties["sci:doi"] = doi
    if style != "2025-08":
        properties["eofeos:mission_phase"] = "Routine"
    return {key: value for key, value in properties.items() if value is not None}


def _level(file_type: str) -> str | None:
    """Processing level such as ``L2A``; auxiliary data have none, but for two instruments'."""
    if catalogue_entry(file_type).mode == "AUX" and not file_type.startswith(("CPR", "BBR")):
        return None
    return "L0" if file_type.endswith("_0_") else f"L{file_type[-2:]}"


def _doi(name: GranuleId) -> str | None:
    """DOI of the data, as far as public items show it."""
    known = PRODUCTS.get(name.file_type)
    return known.data_dois.get(name.baseline) if known else None


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.000Z"


def _item_address(product_id: str, collection: str) -> str:
    return f"{CATALOGUE}/collections/{collection}/items/{product_id}"


def _links(product_id: str, collection: str) -> list[Json]:
    name, parent = parse_granule_id(product_id), f"{CATALOGUE}/collections/{collection}"
    item, linked = _item_address(product_id, collection), "application/ld+json"

    def link(rel: str, href: str, media_type: str, title: str | None = None) -> Json:
        return {"rel": rel, "href": href, "type": media_type} | ({"title": title} if title else {})

    def other(profile: str, title: str) -> Json:
        href = f"{item}?httpAccept=application/ld%2Bjson" + (
            f";profile={profile}" if profile else ""
        )
        return link("alternate", href, linked + (f';profile="{profile}"' if profile else ""), title)

    stac = "https://stacspec.org"
    links = [
        link(
            "self",
            f"{item}?httpAccept=application/geo%2Bjson;profile={stac}",
            f'application/geo+json;profile="{stac}"',
        ),
        link("collection", parent, "application/json", collection),
        link("parent", parent, "application/json", collection),
        other("", "JSON-LD metadata"),
        other("https://schema.org", "JSON-LD (schema.org) metadata"),
        other("http://data.europa.eu/930/", "JSON-LD (GeoDCAT-AP) metadata"),
    ]
    if doi := _doi(name):
        links.append(link("cite-as", f"https://doi.org/{doi}", "text/html", "Landing page"))
    return [*links, link("root", f"{CATALOGUE}/", "application/json", "MAAP Catalogue")]


def _assets(product_id: str, collection: str, style: str, end: str) -> Json:
    item, path = _item_address(product_id, collection), folder(product_id)
    name = parse_granule_id(product_id)
    kind = catalogue_entry(name.file_type)
    created = {} if not name.orbit else {"created": _stamp(name.created)}

    def file(suffix: str, media_type: str) -> Json:
        title = product_id + suffix
        inside = f"{path}/{product_id}/{title}"
        s3 = {"alternate:name": "S3", "href": f"s3://{inside}", "auth:refs": ["s3"]}
        return {
            "href": f"{HOST}/data/{inside}",
            "type": media_type,
            "title": title,
            "file:local_path": title,
            "alternate:name": "HTTPS",
            **created,
            "alternate": {"s3": s3},
            "auth:refs": ["oidc"],
            "roles": ["data"],
        }

    def picture(role: str) -> Json:
        title = f"{product_id}.BID_{kind.picture}.jpeg"
        href = f"{HOST}/data/{path}/public/{title}"
        return {"href": href, "type": "image/jpeg", "title": title, "roles": [role]}

    def metadata(query: str, media_type: str, title: str) -> Json:
        return {
            "href": f"{item}?{query}",
            "type": media_type,
            "title": f"{title} metadata",
            "roles": ["metadata"],
        }

    h5, hdr = file(".h5", "application/x-hdf5"), file(".HDR", "image/vnd.radiance")
    if kind.keys_swapped:
        h5, hdr = hdr, h5
    product = {
        "href": f"{HOST}/data/zipper/{path}/{product_id}",
        "type": "application/zip",
        "title": "Zipped product",
        "file:local_path": f"{product_id}.ZIP",
        "alternate:name": "HTTPS",
        "auth:refs": ["oidc"],
        "published": end,  # observed: the end of sensing, not the day of publication
        "roles": ["data", "metadata", "archive"],
    }
    gml = metadata(
        "httpAccept=application/gml%2Bxml&recordSchema=om",
        'application/gml+xml;profile="http://www.opengis.net/spec/EOMPOM/1.1"',
        "OGC 10-157r4",
    )
    owc = metadata(
        "mode=owc",
        'application/geo+json;profile="http://www.opengis.net/spec/eo-geojson/1.0"',
        "OGC 17-003r2",
    )
    iso_type = "application/vnd.iso.19139+xml"
    iso = metadata(f"httpAccept={iso_type.replace('+', '%2B')}", iso_type, "ISO 19139")
    known = {
        "thumbnail": picture("thumbnail"),
        "enclosure_1": h5,
        "enclosure_2": hdr,
        "enclosure_h5": h5,
        "enclosure_hdr": hdr,
        "enclosure_eof": file(".EOF", "application/octet-stream"),
        "product": product,
        "metadata_ogc_10_157r4": gml,
        "metadata_ogc_17_003r2": owc,
        "metadata_iso_19139": iso,
        "quicklook": picture("overview"),
        "quicklook_jpeg": picture("overview"),
    }
    keys = _ORBIT_FILE if kind.suffix == ".EOF" else _ORDER[style]
    absent = {"thumbnail", "quicklook", "quicklook_jpeg"} if kind.picture is None else set()
    return {key: known[key] for key in keys if key not in absent}


#: Asset keys in the order in which each era listed them.
_ORDER = {
    "2025-08": (
        *("thumbnail", "enclosure_1", "product", "enclosure_2", "metadata_ogc_10_157r4"),
        *("metadata_ogc_17_003r2", "metadata_iso_19139", "quicklook"),
    ),
    "2025-11": (
        *("thumbnail", "product", "metadata_ogc_10_157r4", "enclosure_h5"),
        *("metadata_ogc_17_003r2", "metadata_iso_19139", "quicklook_jpeg", "enclosure_hdr"),
    ),
    "2025-12": (
        *("thumbnail", "product", "metadata_ogc_10_157r4", "enclosure_h5"),
        *("metadata_ogc_17_003r2", "metadata_iso_19139", "enclosure_hdr", "quicklook"),
    ),
}
#: And those of an orbit file.
_ORBIT_FILE = (
    *("product", "metadata_ogc_10_157r4", "metadata_ogc_17_003r2", "metadata_iso_19139"),
    "enclosure_eof",
)
