package mail

// rmaStep is what a mail says about one step of a replacement, in Portuguese and
// English: a title and one paragraph.
type rmaStep struct{ title, text [2]string }

// rmaSteps are the steps of which the customer and the site's contact are told.
var rmaSteps = map[string]rmaStep{
	"REQUESTED": {[2]string{"Recebemos o seu pedido de substituição", "We have received your replacement request"},
		[2]string{"Vamos confirmar o defeito e avisar você quando a substituição for aprovada.", "We will confirm the defect and tell you when the replacement is approved."}},
	"APPEALED": {[2]string{"Vamos analisar o pedido de novo", "We will look at your request again"},
		[2]string{"Recebemos o seu recurso. Um atendente vai decidir de novo sobre a substituição.", "We have received your appeal. An agent will decide about the replacement again."}},
	"REJECTED": {[2]string{"A substituição não foi aprovada", "The replacement was not approved"},
		[2]string{"Se você não concorda com a decisão, pode recorrer uma vez.", "If you do not agree with the decision, you may appeal once."}},
	"WITHDRAWN": {[2]string{"O pedido de substituição foi retirado", "The replacement request was withdrawn"},
		[2]string{"Nenhum equipamento será enviado. O equipamento atual permanece com você.", "No unit will be sent. The present unit stays with you."}},
	"APPROVED": {[2]string{"A substituição foi aprovada", "The replacement is approved"},
		[2]string{"Estamos preparando o envio do equipamento novo.", "We are preparing the new unit for shipping."}},
	"BACKORDERED": {[2]string{"O equipamento está em falta no estoque", "The unit is out of stock"},
		[2]string{"Pedimos desculpas: o equipamento não está disponível agora. Abaixo está a nova previsão de entrega.", "We are sorry: the unit is not available now. The new promised delivery is below."}},
	"RESHIPPED": {[2]string{"Vamos enviar outro equipamento", "We are sending another unit"},
		[2]string{"O pacote se perdeu no transporte. Um outro equipamento será enviado.", "The parcel was lost on its way. Another unit will be sent."}},
	"SHIPPED": {[2]string{"O equipamento novo foi enviado", "The new unit has been shipped"},
		[2]string{"Guarde a embalagem: ela serve para devolver o equipamento com defeito.", "Keep the packaging: it serves to return the faulty unit."}},
	"DELIVERED": {[2]string{"O equipamento novo foi entregue", "The new unit was delivered"},
		[2]string{"Devolva o equipamento com defeito até a data abaixo. O prazo para quando a transportadora o recebe.", "Return the faulty unit by the date below. The clock stops when the carrier takes it."}},
	"SWAPPED": {[2]string{"Você usou um equipamento sobressalente", "You used a spare unit"},
		[2]string{"Devolva o equipamento com defeito até a data abaixo. O prazo para quando a transportadora o recebe.", "Return the faulty unit by the date below. The clock stops when the carrier takes it."}},
	"REMINDER": {[2]string{"Lembrete: devolva o equipamento com defeito", "Reminder: return the faulty unit"},
		[2]string{"Ainda não temos notícia do envio do equipamento com defeito.", "The carrier does not have the faulty unit yet."}},
	"OVERDUE": {[2]string{"A devolução está atrasada", "The return is overdue"},
		[2]string{"O prazo de devolução terminou. Sem a devolução, o equipamento poderá ser cobrado.", "The time for the return is over. Without it, the unit may be billed."}},
	"WRONG_UNIT": {[2]string{"Recebemos outro equipamento", "We received another unit"},
		[2]string{"O equipamento que chegou não é o do número de série abaixo. Devolva o equipamento certo até a nova data.", "The unit that came back does not have the serial number below. Return the right one by the new date."}},
	"INSPECTED": {[2]string{"Recebemos o equipamento devolvido", "We received the returned unit"},
		[2]string{"O equipamento foi examinado. O resultado está abaixo.", "The unit was examined. The outcome is below."}},
	"NO_RETURN": {[2]string{"Não é preciso devolver o equipamento", "The unit need not be returned"},
		[2]string{"A substituição está concluída. Descarte o equipamento com defeito de forma adequada.", "The replacement is complete. Please dispose of the faulty unit properly."}},
	"BILLED": {[2]string{"O equipamento será cobrado", "The unit will be billed"},
		[2]string{"A cobrança foi confirmada. Se o equipamento com defeito não foi devolvido e chegar depois, o valor será creditado.", "The fee was confirmed. Where it is for a unit that did not come back, it is credited if the unit arrives later."}},
	"WAIVED": {[2]string{"A cobrança foi dispensada", "The fee was waived"},
		[2]string{"Não há nada a pagar por este equipamento.", "There is nothing to pay for this unit."}},
}

// rejections and outcomes in words.
var (
	rmaRejections = map[string][2]string{
		"NO_DEFECT":       {"Não foi constatado defeito", "No defect was found"},
		"NOT_ELIGIBLE":    {"O dano não é coberto", "The damage is not covered"},
		"FRAUD_SUSPECTED": {"Os dados do pedido não puderam ser confirmados", "The request could not be verified"},
		"NO_ANSWER":       {"Não tivemos resposta às nossas perguntas", "Our questions were not answered"},
	}
	rmaOutcomes = map[string][2]string{
		"DEFECT":         {"Defeito confirmado; nada mais é preciso", "Defect confirmed; nothing more is needed"},
		"NO_FAULT_FOUND": {"Nenhum defeito encontrado; nada mais é preciso", "No fault found; nothing more is needed"},
		"DAMAGE":         {"Dano que a garantia não cobre; avisaremos sobre o valor", "Damage that the warranty does not cover; we will tell you about the fee"},
		"WRONG_UNIT":     {"Outro equipamento", "Another unit"},
	}
)

// tellStep puts the words of the step in; an unknown step is an error.
func tellStep(p map[string]any, locale string) error {
	step, ok := rmaSteps[p["step"].(string)]
	if !ok {
		return errNoWords
	}
	i := 1
	if locale == "pt-BR" {
		i = 0
	}
	p["title"], p["text"], p["explanation"] = step.title[i], step.text[i], []any{p["explanation_pt"], p["explanation_en"]}[i]
	if code, ok := p["code"].(string); ok {
		p["code"] = namedOrCode(rmaRejections, code, locale)
	}
	if outcome, ok := p["outcome"].(string); ok {
		p["outcome"] = namedOrCode(rmaOutcomes, outcome, locale)
	}
	return nil
}
