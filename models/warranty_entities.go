package models

// warrantyEntities are the rows of warranties.
func warrantyEntities() []any {
	return []any{
		WarrantyAttachment{},
		EarlierWarranty{},
	}
}
