package models

// orderEntities are the rows of orders.
func orderEntities() []any {
	return []any{
		Order{},
		OrderLine{},
		OrderRefusal{},
		OrderCancellation{},
	}
}
