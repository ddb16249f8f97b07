package warranty

// Entities are the rows of warranties.
func Entities() []any {
	return []any{
		WarrantyAttachment{},
		EarlierWarranty{},
	}
}
