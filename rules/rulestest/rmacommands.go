package rulestest

import (
	"roomcover.dev/roomcover/rules"
)

var EveryRole = []rules.Role{
	rules.CustomerAdmin, rules.CustomerReadOnly, rules.PartnerAdmin, rules.PartnerReadOnly,
	rules.Reseller, rules.Distributor, rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM,
}
