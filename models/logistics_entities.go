package models

// logisticsEntities are the rows of stock and shipments.
func logisticsEntities() []any {
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
