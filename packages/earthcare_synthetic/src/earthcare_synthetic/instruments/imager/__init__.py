"""MSI, the imager: radiances, cloud mask, cloud and aerosol retrievals."""
