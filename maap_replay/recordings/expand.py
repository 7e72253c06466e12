"""The one rule by which a recorded line becomes a complete catalogue item, and back.

An EarthCARE item repeats its own id some forty times, in addresses that all follow from it. A line
keeps only what does *not* follow: ``{"id", "collection", "style", "origin", "patch"}``. `expand`
writes the template for that id, collection and style and applies `patch` to it as a JSON merge
patch (RFC 7396); `compact` is its exact inverse.

`style` names the era of the asset keys, as ESA MAAP changed them:

======== ============================ ==============
style    data files                   picture
======== ============================ ==============
2025-08  enclosure_1, enclosure_2     quicklook
2025-11  enclosure_h5, enclosure_hdr  quicklook_jpeg
2025-12  enclosure_h5, enclosure_hdr  quicklook
======== ============================ ==============
"""

from __future__ import annotations

import copy
from datetime import datetime
from typing import NamedTuple, cast

from maap_replay.recordings.patch import Json, difference, merge

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
# Items really name this host, although tokens come from iam.maap.eo.esa.int.
OPENID = "https://iam.ascend.icsgate.eu/realms/esa-maap/.well-known/openid-configuration"

_INSTRUMENTS = {"ATL": "ATLID", "CPR": "CPR", "MSI": "MSI", "BBR": "BBR", "AUX": "AUX"}
_PROCESSORS = {
    "MSI_COP_2A": {"M-CLD": "11.30"},
    "MSI_CM__2A": {"M-CLD": "11.30"},
    "ATL_EBD_2A": {"A-PRO": "0.00"},
}
_DOI = {
    ("MSI_COP_2A", "AB"): "10.57780/eca-5ba8e95",
    ("MSI_COP_2A", "BA"): "10.57780/eca-94b4e53",
}


class Name(NamedTuple):
    """The parts of an EarthCARE product id."""

    agency: str
    baseline: str
    file_type: str
    start: datetime
    created: datetime
    orbit: int
    frame: str


def parse_id(product_id: str) -> Name:
    """Take an id such as ``ECA_EXBA_MSI_COP_2A_20250305T134540Z_20250912T202910Z_04366E`` apart."""
    if len(product_id) != 60 or not product_id.startswith("ECA_"):
        raise ValueError(f"{product_id!r} is not an EarthCARE product id of 60 characters.")
    stamp = "%Y%m%dT%H%M%SZ"
    return Name(
        agency=product_id[4],
        baseline=product_id[6:8],
        file_type=product_id[9:19],
        start=datetime.strptime(product_id[20:36] + "+0000", stamp + "%z"),
        created=datetime.strptime(product_id[37:53] + "+0000", stamp + "%z"),
        orbit=int(product_id[54:59]),
        frame=product_id[59],
    )


def folder(product_id: str) -> str:
    """Path of a product's folder in the data store, from its id alone."""
    name = parse_id(product_id)
    return (
        f"earthcare-pdgs-01/EarthCARE/{name.file_type}/{name.baseline}/"
        f"{name.start:%Y/%m/%d}/{product_id}"
    )


def expand(line: Json) -> Json:
    """Complete STAC item of a recorded line."""
    patch = line["patch"]
    end = patch.get("properties", {}).get("end_datetime", "")
    return cast(Json, merge(_template(line["id"], line["collection"], line["style"], end), patch))


def compact(item: Json, style: str, origin: str) -> Json:
    """Shortest line that `expand` turns back into exactly this item.

    Raises
    ------
    ValueError
        When the item cannot be written as a merge patch, because it holds a null.
    """
    end = item["properties"].get("end_datetime", "")
    patch = difference(_template(item["id"], item["collection"], style, end), item)
    if end:  # the template repeats it where the zip says when it was published
        patch.setdefault("properties", {})["end_datetime"] = end
    line = {
        "id": item["id"],
        "collection": item["collection"],
        "style": style,
        "origin": origin,
        "patch": patch,
    }
    if expand(line) != item:
        raise ValueError(f"{item['id']} cannot be written as a merge patch of its template.")
    return line


def _template(product_id: str, collection: str, style: str, end: str) -> Json:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": EXTENSIONS,
        "id": product_id,
        "properties": _properties(product_id, style),
        "links": _links(product_id, collection),
        "assets": _assets(product_id, collection, style, end),
        "collection": collection,
    }


def _properties(product_id: str, style: str) -> Json:
    name = parse_id(product_id)
    start, created = (f"{t:%Y-%m-%dT%H:%M:%S}.000Z" for t in (name.start, name.created))
    jaxa = name.agency == "J"
    processor = {"JAXA EarthCARE Processor": "0.0"} if jaxa else _PROCESSORS.get(name.file_type)
    properties: Json = {
        "grid:code": f"WRS-{name.orbit}-{name.frame}",
        "processing:level": f"L{name.file_type[-2:]}",
        "start_datetime": start,
        "created": created,
        "processing:facility": "JAXA_SAOC" if jaxa else "PDGS-CPFxx",
        "product:type": name.file_type,
        "title": product_id,
        "version": name.baseline,
        "platform": "EarthCARE",
        "auth:schemes": {
            "s3": {"type": "s3"},
            "oidc": {"openIdConnectUrl": OPENID, "type": "openIdConnect"},
        },
        "datetime": start,
        "instruments": [_INSTRUMENTS.get(name.file_type[:3], "SYNERGETIC")],
        "constellation": "EarthCARE",
        "sat:orbit_state": "ascending" if name.frame in "ABCH" else "descending",
        "processing:datetime": created,
        "eopf:instrument_mode": "DEFAULT",
        "sat:absolute_orbit": name.orbit,
        "product:acquisition_type": "other",
    }
    if processor:
        properties["processing:software"] = processor
    if doi := _DOI.get((name.file_type, name.baseline)):
        properties["sci:doi"] = doi
    if style != "2025-08":
        properties["eofeos:mission_phase"] = "Routine"
    return properties


def _item_address(product_id: str, collection: str) -> str:
    return f"{CATALOGUE}/collections/{collection}/items/{product_id}"


def _links(product_id: str, collection: str) -> list[Json]:
    name, parent = parse_id(product_id), f"{CATALOGUE}/collections/{collection}"
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
    if doi := _DOI.get((name.file_type, name.baseline)):
        links.append(link("cite-as", f"https://doi.org/{doi}", "text/html", "Landing page"))
    return [*links, link("root", f"{CATALOGUE}/", "application/json", "MAAP Catalogue")]


def _assets(product_id: str, collection: str, style: str, end: str) -> Json:
    item, path = _item_address(product_id, collection), folder(product_id)
    created = f"{parse_id(product_id).created:%Y-%m-%dT%H:%M:%S}.000Z"

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
            "created": created,
            "alternate": {"s3": s3},
            "auth:refs": ["oidc"],
            "roles": ["data"],
        }

    def picture(role: str) -> Json:
        title = f"{product_id}.BID_1.jpeg"
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
        "product": product,
        "metadata_ogc_10_157r4": gml,
        "metadata_ogc_17_003r2": owc,
        "metadata_iso_19139": iso,
        "quicklook": picture("overview"),
        "quicklook_jpeg": picture("overview"),
    }
    return {key: copy.deepcopy(known[key]) for key in _ORDER[style]}


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
