"""The other descriptions of an item: OGC and ISO documents behind its metadata assets.

ESA MAAP's own documents are longer and no complete one is public. These are short, well-formed, and
state the facts that the item states, so that a link from a catalogue item leads somewhere.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from maap_replay.recordings.patch import Json
from maap_replay.service.errors import RefusalError

_AXES = ("Longitude", "Longitude", "Latitude", "Latitude")


def answer(item: Json, accept: str, mode: str) -> web.Response:
    """Document of an item in the media type asked for with ``httpAccept=`` or ``mode=owc``.

    Raises
    ------
    RefusalError
        When the item has no description of that type.
    """
    # An unescaped plus in an address arrives as a space.
    media_type, _, parameters = accept.replace(" ", "+").partition(";")
    if mode == "owc":
        return web.json_response(eo_geojson(item), content_type="application/geo+json")
    if media_type in ("", "application/geo+json", "application/json"):
        return web.json_response(item, content_type=media_type or "application/geo+json")
    if media_type == "application/ld+json":
        return web.json_response(_linked_data(item, parameters), content_type=media_type)
    if media_type == "application/gml+xml":
        return web.Response(text=_earth_observation(item), content_type=media_type)
    if media_type == "application/vnd.iso.19139+xml":
        return web.Response(text=_iso_19139(item), content_type=media_type)
    raise RefusalError(f"Items are not described as {media_type!r}.")


def address(item: Json) -> str:
    """Address of an item, without a description asked for."""
    return str(item["links"][0]["href"]).partition("?")[0]


def eo_geojson(item: Json) -> Json:
    """OGC 17-003r2, EO dataset metadata in GeoJSON."""
    properties = item["properties"]
    product = {
        "productType": properties["product:type"],
        "productVersion": properties["version"],
        "processingLevel": properties.get("processing:level", "").removeprefix("L"),
        "processingCenter": properties.get("processing:facility"),
        "processingDate": properties.get("processing:datetime"),
    }
    acquisition = {
        "beginningDateTime": properties["start_datetime"],
        "endingDateTime": properties["end_datetime"],
        "orbitNumber": properties.get("sat:absolute_orbit"),
        "orbitDirection": properties.get("sat:orbit_state", "").upper(),
        "frame": properties.get("grid:code", "").rpartition("-")[2],
    }
    return {
        "type": "Feature",
        "id": item["id"],
        "geometry": item["geometry"],
        **({"bbox": item["bbox"]} if "bbox" in item else {}),
        "properties": {
            "title": item["id"],
            "identifier": item["id"],
            "date": f"{properties['start_datetime']}/{properties['end_datetime']}",
            "updated": properties["updated"],
            "published": properties["published"],
            "productInformation": _stated(product),
            "acquisitionInformation": [
                {
                    "platform": {"platformShortName": properties["platform"]},
                    "instrument": {"instrumentShortName": properties["instruments"][0]},
                    "acquisitionParameters": _stated(acquisition),
                }
            ],
            "links": {
                "data": [
                    {"href": asset["href"], "type": asset["type"], "title": asset["title"]}
                    for asset in item["assets"].values()
                    if "data" in asset["roles"]
                ]
            },
        },
    }


def _stated(values: Json) -> Json:
    """What an item states; auxiliary data have no orbit, no level, no frame."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def _linked_data(item: Json, profile: str) -> Json:
    """JSON-LD: schema.org, or DCAT for the two other profiles."""
    properties = item["properties"]
    if "schema.org" in profile:
        vocabulary, title, period = "https://schema.org/", "name", "temporalCoverage"
    else:
        vocabulary, title, period = "http://www.w3.org/ns/dcat#", "title", "temporal"
    return {
        "@context": {"@vocab": vocabulary},
        "@id": address(item),
        "@type": "Dataset",
        "identifier": item["id"],
        title: item["id"],
        period: f"{properties['start_datetime']}/{properties['end_datetime']}",
        "distribution": [
            {"@id": asset["href"], "encodingFormat": asset["type"]}
            for asset in item["assets"].values()
            if "data" in asset["roles"]
        ],
    }


def _earth_observation(item: Json) -> str:
    """OGC 10-157r4, Earth Observation profile of Observations & Measurements."""
    text = _escaped(item)
    orbit = ""
    if "sat:absolute_orbit" in text:
        orbit += f"<eop:orbitNumber>{text['sat:absolute_orbit']}</eop:orbitNumber>"
    if "sat:orbit_state" in text:
        direction = text["sat:orbit_state"].upper()
        orbit += f"<eop:orbitDirection>{direction}</eop:orbitDirection>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<eop:EarthObservation xmlns:eop="http://www.opengis.net/eop/2.1"
    xmlns:om="http://www.opengis.net/om/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
    gml:id="{text["id"]}">
  <om:phenomenonTime><gml:TimePeriod gml:id="period">
    <gml:beginPosition>{text["start_datetime"]}</gml:beginPosition>
    <gml:endPosition>{text["end_datetime"]}</gml:endPosition>
  </gml:TimePeriod></om:phenomenonTime>
  <om:procedure><eop:EarthObservationEquipment gml:id="equipment">
    <eop:platform><eop:Platform><eop:shortName>{text["platform"]}</eop:shortName></eop:Platform>
    </eop:platform>
    <eop:acquisitionParameters><eop:Acquisition>{orbit}</eop:Acquisition>
    </eop:acquisitionParameters>
  </eop:EarthObservationEquipment></om:procedure>
  <eop:metaDataProperty><eop:EarthObservationMetaData>
    <eop:identifier>{text["id"]}</eop:identifier>
    <eop:productType>{text["product:type"]}</eop:productType>
    <eop:status>ARCHIVED</eop:status>
    <eop:processing><eop:ProcessingInformation>
      <eop:processingCenter>{text["processing:facility"]}</eop:processingCenter>
      <eop:processingDate>{text["processing:datetime"]}</eop:processingDate>
    </eop:ProcessingInformation></eop:processing>
  </eop:EarthObservationMetaData></eop:metaDataProperty>
</eop:EarthObservation>
"""


def _iso_19139(item: Json) -> str:
    """ISO 19139: identifier, title, bounding box and period."""
    text = _escaped(item)
    where = ""
    if "bbox" in item:
        west, south, east, north = item["bbox"]
        sides = {"west": west, "east": east, "south": south, "north": north}
        box = "".join(
            f"<gmd:{side}Bound{axis}><gco:Decimal>{value}</gco:Decimal></gmd:{side}Bound{axis}>"
            for (side, value), axis in zip(sides.items(), _AXES, strict=True)
        )
        where = (
            f"<gmd:geographicElement><gmd:EX_GeographicBoundingBox>{box}"
            "</gmd:EX_GeographicBoundingBox></gmd:geographicElement>"
        )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"
    xmlns:gco="http://www.isotc211.org/2005/gco" xmlns:gml="http://www.opengis.net/gml/3.2">
  <gmd:fileIdentifier><gco:CharacterString>{text["id"]}</gco:CharacterString></gmd:fileIdentifier>
  <gmd:dateStamp><gco:DateTime>{text["updated"]}</gco:DateTime></gmd:dateStamp>
  <gmd:identificationInfo><gmd:MD_DataIdentification>
    <gmd:citation><gmd:CI_Citation>
      <gmd:title><gco:CharacterString>{text["title"]}</gco:CharacterString></gmd:title>
    </gmd:CI_Citation></gmd:citation>
    <gmd:extent><gmd:EX_Extent>
      {where}
      <gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent>
        <gml:TimePeriod gml:id="period">
          <gml:beginPosition>{text["start_datetime"]}</gml:beginPosition>
          <gml:endPosition>{text["end_datetime"]}</gml:endPosition>
        </gml:TimePeriod>
      </gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement>
    </gmd:EX_Extent></gmd:extent>
  </gmd:MD_DataIdentification></gmd:identificationInfo>
</gmd:MD_Metadata>
"""


def _escaped(item: Json) -> dict[str, str]:
    values: dict[str, Any] = {**item["properties"], "id": item["id"]}
    return {name: escape(str(value)) for name, value in values.items()}
