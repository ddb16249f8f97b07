package logistics

// Entities are the rows of stock and shipments.
func Entities() []any {
	return []any{
		Depot{},
		StockLevel{},
		StockEntry{},
		Shipment{},
		ShipmentScan{},
		ShipmentLabel{},
		CarrierEvent{},
	}
}
