package label

import "strings"

// words are the texts of one language.
type words struct {
	from, to, service, reference, deliverBy, tracking, contents        string
	slip, date, model, description, serial, quantity, returns, nothing string
}

var portuguese = words{
	from: "Remetente", to: "Destinatário", service: "Serviço", reference: "Referência", deliverBy: "Entregar até", tracking: "Rastreamento", contents: "Conteúdo",
	slip: "Romaneio de remessa", date: "Data", model: "Modelo", description: "Descrição", serial: "Número de série", quantity: "Qtd.",
	returns: "Devolução", nothing: "Sem itens",
}

var english = words{
	from: "From", to: "To", service: "Service", reference: "Reference", deliverBy: "Deliver by", tracking: "Tracking", contents: "Contents",
	slip: "Packing slip", date: "Date", model: "Model", description: "Description", serial: "Serial number", quantity: "Qty",
	returns: "Return", nothing: "No items",
}

// wordsOf are those of a BCP 47 locale: Portuguese for pt, English for all others.
func wordsOf(locale string) words {
	if base, _, _ := strings.Cut(strings.ToLower(locale), "-"); base == "pt" {
		return portuguese
	}
	return english
}
