package order

// Entities are the rows of orders.
func Entities() []any {
	return []any{
		Order{},
		OrderLine{},
		OrderRefusal{},
		OrderCancellation{},
	}
}
