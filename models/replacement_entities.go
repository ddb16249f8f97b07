package models

// replacementEntities are the rows of replacements and spares.
func replacementEntities() []any {
	return []any{
		RMA{},
		SpareUnit{},
		SpareLine{},
	}
}
