"""What a study says: tables (DataFrames), never drawings; the drawings of these tables are in `figures`."""
