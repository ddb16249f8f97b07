package mail

import "errors"

// errNoWords is for a step that no mail has words for.
var errNoWords = errors.New("there are no words for the step")

// spareSteps are the steps of a spare unit of which the customer and the site's
// contact are told, in Portuguese and English: a title and one paragraph.
var spareSteps = map[string]rmaStep{
	"SELECTED": {[2]string{"Escolhemos um equipamento sobressalente para você", "We have chosen a spare unit for you"},
		[2]string{"O modelo e o local propostos estão abaixo. Um administrador da conta precisa concordar antes do envio.", "The proposed model and site are below. An administrator of the account has to agree before we ship it."}},
	"VOIDED": {[2]string{"O equipamento sobressalente não será enviado", "The spare unit will not be sent"},
		[2]string{"O número de licenças em vigor não dá mais direito a este equipamento.", "The number of licences in force no longer earns this unit."}},
	"SHIPPED": {[2]string{"O equipamento sobressalente foi enviado", "The spare unit has been shipped"},
		[2]string{"Quando ele chegar, guarde-o perto das salas que deve proteger, com a embalagem.", "When it arrives, keep it near the rooms that it is to protect, with its packaging."}},
	"ON_SITE": {[2]string{"O equipamento sobressalente está no local", "The spare unit is on site"},
		[2]string{"Se um equipamento do mesmo modelo falhar, peça a substituição e use este na hora. Ele é um empréstimo; enviaremos outro em seu lugar.", "If a device of the same model fails, request a replacement and use this one at once. It is on loan; we will send another one in its place."}},
	"RECALL_REQUESTED": {[2]string{"Devolva o equipamento sobressalente", "Please return the spare unit"},
		[2]string{"O número de licenças em vigor não dá mais direito a este equipamento. Entregue-o à transportadora até a data abaixo.", "The number of licences in force no longer earns this unit. Hand it to the carrier by the date below."}},
	"RECALL_REMINDER": {[2]string{"Lembrete: devolva o equipamento sobressalente", "Reminder: return the spare unit"},
		[2]string{"A transportadora ainda não recebeu o equipamento.", "The carrier does not have the unit yet."}},
	"RECALL_OVERDUE": {[2]string{"A devolução do equipamento sobressalente está atrasada", "The return of the spare unit is overdue"},
		[2]string{"O prazo terminou. Sem a devolução, o equipamento poderá ser cobrado.", "The time for the return is over. Without it, the unit may be billed."}},
	"RECALL_WITHDRAWN": {[2]string{"Fique com o equipamento sobressalente", "Keep the spare unit"},
		[2]string{"O número de licenças em vigor dá direito a este equipamento de novo. Não é preciso devolvê-lo.", "The number of licences in force earns this unit again. It need not be returned."}},
	"RETURNED": {[2]string{"Recebemos o equipamento sobressalente de volta", "We have received the spare unit back"},
		[2]string{"A devolução está concluída. Um valor já cobrado por ele será creditado.", "The return is complete. A fee that was billed for it is credited."}},
	"BILLED": {[2]string{"O equipamento sobressalente será cobrado", "The spare unit will be billed"},
		[2]string{"A cobrança foi confirmada. Se o equipamento chegar depois, o valor será creditado.", "The fee was confirmed. It is credited if the unit arrives later."}},
	"WAIVED": {[2]string{"O equipamento sobressalente é seu", "The spare unit is yours"},
		[2]string{"Não é preciso devolvê-lo e não há nada a pagar.", "It need not be returned, and there is nothing to pay."}},
}

// tellSpare puts the words of the step in; an unknown step is an error.
func tellSpare(p map[string]any, locale string) error {
	step, ok := spareSteps[p["step"].(string)]
	if !ok {
		return errNoWords
	}
	i := 1
	if locale == "pt-BR" {
		i = 0
	}
	p["title"], p["text"] = step.title[i], step.text[i]
	return nil
}
