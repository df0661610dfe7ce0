"""The life of an import: from an uploaded file to products in the catalogue, with every row accounted for."""
