package replacement

// Entities are the rows of replacements and spares.
func Entities() []any {
	return []any{
		RMA{},
		SpareUnit{},
		SpareLine{},
	}
}
