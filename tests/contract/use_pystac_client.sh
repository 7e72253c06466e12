# What a user types who has installed pystac-client: its own command line.
set -eu
url=https://catalog.maap.eo.esa.int/catalogue/
collection=EarthCAREL2Validated_MAAP

stac-client collections "$url" --save collections.json
grep -q "$collection" collections.json
echo "collections: saved"

search="stac-client search $url -c $collection --method GET"
$search --bbox -10 -20 10 20 --datetime 2025-03-16/2025-03-17 --matched
$search --filter "productType = 'MSI_COP_2A' and frame = 'E'" --filter-lang cql2-text \
  --max-items 25 --limit 10 --save items.json
test "$(grep -o '"type": "Feature"' items.json | wc -l)" = 25
echo "search by filter, three pages: 25 items saved"
stac-client search "$url" -c "$collection" --ids \
  ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E | grep -q 04537E
echo "search by id, POST: found"
