package rules

import "strings"

// freeMailNames are providers of personal mailboxes that use one name under many
// suffixes, such as yahoo.com.br and hotmail.fr.
var freeMailNames = set(`gmail googlemail hotmail outlook live msn yahoo ymail rocketmail
	aol gmx yandex protonmail zohomail icloud`)

// freeMailDomains are providers of personal or throw-away mailboxes, by domain.
var freeMailDomains = set(`
	me.com mac.com mail.com email.com mail.ru bk.ru inbox.ru list.ru web.de t-online.de
	freenet.de arcor.de online.de posteo.de mailbox.org proton.me pm.me tutanota.com
	tutanota.de tuta.io tuta.com fastmail.com fastmail.fm hey.com hushmail.com uol.com.br
	bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com zipmail.com.br
	oi.com.br superig.com.br pop.com.br sapo.pt clix.pt netcabo.pt iol.pt mail.telepac.pt
	orange.fr free.fr wanadoo.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it
	alice.it tin.it telefonica.net terra.es ono.com btinternet.com ntlworld.com sky.com
	talktalk.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net
	charter.net earthlink.net juno.com qq.com 163.com 126.com sina.com sina.cn sohu.com
	foxmail.com naver.com hanmail.net daum.net rediffmail.com rogers.com shaw.ca
	bigpond.com optusnet.com.au seznam.cz wp.pl o2.pl onet.pl interia.pl mailinator.com
	guerrillamail.com 10minutemail.com temp-mail.org yopmail.com trashmail.com`)

// IsFreeMail reports whether the domain belongs to a provider of personal or
// throw-away mailboxes, so that it says nothing about a company (R115b).
func IsFreeMail(domain string) bool {
	domain = strings.ToLower(strings.TrimSpace(domain))
	if freeMailDomains[domain] {
		return true
	}
	name, suffix, ok := strings.Cut(domain, ".")
	return ok && freeMailNames[name] && mailSuffix(suffix)
}

// mailSuffix accepts com, net, org, xx, com.xx and co.xx.
func mailSuffix(suffix string) bool {
	first, second, two := strings.Cut(suffix, ".")
	if two {
		return (first == "com" || first == "co") && len(second) == 2
	}
	return len(first) == 2 || first == "com" || first == "net" || first == "org"
}

// groupMailboxWords name a function and not a person, in Portuguese, English, Spanish
// and German.
var groupMailboxWords = set(`
	it ti info admin admins administrator administrators administracao administracion
	verwaltung suporte support soporte helpdesk help desk servicedesk service services
	servico servicos servicio servicios contato contact contacto kontakt sales vendas
	ventas vertrieb office escritorio oficina buero buro team equipe equipo compras
	purchasing procurement einkauf financeiro finance finanzas finanzen billing accounting
	accounts faturamento contabilidade facturacion buchhaltung rechnung infra
	infraestrutura infrastructure infraestructura sistemas systems system edv tech
	tecnologia technology technik network redes netzwerk noc soc security seguranca
	seguridad sicherheit ops operations operacoes operaciones hello hallo ola hola mail
	email postmaster webmaster hostmaster abuse root noreply no reply nao responda
	donotreply group grupo gruppe all todos alle everyone staff dept department
	departamento abteilung rh hr jobs marketing reception recepcao recepcion empfang av
	audiovisual multimedia licencas licenses licences licencias lizenzen gerencia diretoria
	direccion sac atendimento atencion zentrale central geral general`)

// IsGroupMailbox reports whether an address, or a local part, seems to belong to a
// function such as it@ or suporte.ti@ and not to a person: every word of it is a
// function's (R49a). A suspicion is a warning, never a refusal.
func IsGroupMailbox(address string) bool {
	local, _, _ := strings.Cut(fold(strings.TrimSpace(address)), "@")
	local, _, _ = strings.Cut(local, "+")
	parts := strings.FieldsFunc(local, func(r rune) bool {
		return strings.ContainsRune("._-0123456789", r)
	})

	for _, part := range parts {
		if !groupMailboxWords[part] {
			return false
		}
	}

	return len(parts) > 0
}
