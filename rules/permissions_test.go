package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The permission table of RULES 4, written out again: customer admin and
// read-only, partner admin and read-only, reseller, distributor, operator agent,
// lead and CSM.
var permissionTable = []struct {
	capability Capability
	grants     [9]Grant
}{
	{ViewAccount, [9]Grant{"YES", "YES", "YES", "YES", "OWN", "OWN", "YES", "YES", "YES"}},
	{ManageRooms, [9]Grant{"YES", "NO", "YES", "NO", "NO", "NO", "WITH_REASON", "WITH_REASON", "WITH_REASON"}},
	{UseTickets, [9]Grant{"YES", "YES", "YES", "VIEW_ONLY", "NO", "NO", "YES", "YES", "YES"}},
	{RequestRMA, [9]Grant{"YES", "NO", "YES", "NO", "NO", "NO", "YES", "YES", "YES"}},
	{ManageUsers, [9]Grant{"YES", "NO", "NO", "NO", "NO", "NO", "RESEND_ONLY", "RESEND_ONLY", "NO"}},
	{CancelOrder, [9]Grant{"YES", "NO", "NO", "NO", "OWN", "OWN", "YES", "YES", "NO"}},
	{DecideRMA, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "EXCEPT_WAIVE", "YES", "NO"}},
	{ChooseSpare, [9]Grant{"AGREE", "NO", "AGREE", "NO", "NO", "NO", "NO", "NO", "YES"}},
	{SubmitOrders, [9]Grant{"NO", "NO", "NO", "NO", "OWN", "OWN", "WITH_REASON", "WITH_REASON", "NO"}},
	{ReviewOrders, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "YES", "YES", "NO"}},
	{ManageCatalogue, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "YES", "YES", "NO"}},
	{ViewProcesses, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "YES", "YES", "YES"}},
	{WorkTasks, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "YES", "YES", "YES"}},
	{ManageStock, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "YES", "YES", "NO"}},
	{ManageCSMs, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "YES", "YES", "NO"}},
	{AssignCSM, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "YES", "YES", "YES"}},
	{ManageOperators, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "NO", "YES", "NO"}},
	{ViewAudit, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "NO", "YES", "NO"}},
	{SeeAsCustomer, [9]Grant{"NO", "NO", "NO", "NO", "NO", "NO", "WITH_REASON", "WITH_REASON", "WITH_REASON"}},
	{ManagePrivacy, [9]Grant{"YES", "NO", "NO", "NO", "NO", "NO", "WITH_REASON", "WITH_REASON", "WITH_REASON"}},
}

var tableRoles = [9]Role{CustomerAdmin, CustomerReadOnly, PartnerAdmin, PartnerReadOnly, Reseller, Distributor,
	OperatorAgent, OperatorLead, OperatorCSM}

func TestR42_PermissionTable(t *testing.T) {
	require.Len(t, grants, len(permissionTable), "every row is tested")
	for _, row := range permissionTable {
		for i, want := range row.grants {
			require.Equal(t, want, Allows(tableRoles[i], row.capability), "%s %s", tableRoles[i], row.capability)
		}
	}
}

// A manager of the operator's reads, and does nothing that changes anything.
func TestS53_AManagerOnlyReads(t *testing.T) {
	reads := map[Capability]Grant{
		ViewAccount: GrantYes, UseTickets: GrantViewOnly, ViewProcesses: GrantYes, ViewAudit: GrantYes,
	}
	for _, row := range permissionTable {
		want := GrantNo
		if grant, ok := reads[row.capability]; ok {
			want = grant
		}
		require.Equal(t, want, Allows(OperatorManager, row.capability), row.capability)
	}
	require.True(t, OperatorManager.IsOperator())
	require.Equal(t, Forbidden, CodeOf(MayMakeToken(OperatorLead, OperatorManager)))
	require.Equal(t, Forbidden, CodeOf(MayManageUsers(OperatorManager, ActResendInvitation)))
}

func TestUnknownRoleOrCapabilityMayNothing(t *testing.T) {
	require.Equal(t, GrantNo, Allows("ROOT", ViewAccount))
	require.Equal(t, GrantNo, Allows("", ViewAccount))
	require.Equal(t, GrantNo, Allows(OperatorLead, "EVERYTHING"))
	require.False(t, GrantNo.Allowed())
	require.False(t, Grant("").Allowed())
	require.True(t, GrantOwn.Allowed())
}

func TestS36_ResellersSeeOrdersOnly(t *testing.T) {
	for _, role := range []Role{Reseller, Distributor} {
		for _, row := range permissionTable {
			require.Contains(t, []Grant{GrantNo, GrantOwn}, Allows(role, row.capability), "%s %s", role, row.capability)
		}
	}
}

func TestIsOperator(t *testing.T) {
	for i, role := range tableRoles {
		require.Equal(t, i >= 6, role.IsOperator(), role)
	}
}

// What each role may do to the users of an account: RESEND_ONLY, and what R51b and R105
// ask an operator for.
func TestR42_R51b_R105_WhoManagesUsers(t *testing.T) {
	acts := []UserAct{
		ActResendInvitation, ActRedirectInvitation, ActInviteExtra, ActWithdrawInvitation,
		ActRemoveMember, ActChangeRole,
	}
	for role, want := range map[Role]string{
		CustomerAdmin:    "YYYYYY",
		CustomerReadOnly: "------",
		PartnerAdmin:     "------",
		PartnerReadOnly:  "------",
		Reseller:         "------",
		Distributor:      "------",
		OperatorAgent:    "YYYYY-",
		OperatorLead:     "YYYYY-",
		OperatorCSM:      "------",
		"SYSTEM":         "YYYYYY",
		"":               "------",
	} {
		for i, act := range acts {
			err := MayManageUsers(role, act)
			if want[i] == 'Y' {
				require.NoError(t, err, "%s %s", role, act)
				continue
			}
			require.Equal(t, Forbidden, CodeOf(err), "%s %s", role, act)
		}
	}
}

func TestR42_OnlyACustomerMakesASecondAdministrator(t *testing.T) {
	for _, role := range []Role{OperatorAgent, OperatorLead, OperatorCSM} {
		require.NoError(t, MayMakeAdmin(role, 0), role)
		require.Equal(t, Forbidden, CodeOf(MayMakeAdmin(role, 1)), role)
	}
	require.NoError(t, MayMakeAdmin(CustomerAdmin, 1))
}

// Rows make, columns are made: agent, lead, CSM, seller, customer's reader, customer's
// administrator.
func TestR42_NoTokenMakesOneThatMayDoMore(t *testing.T) {
	made := []Role{
		OperatorAgent, OperatorLead, OperatorCSM, Reseller, CustomerReadOnly, CustomerAdmin,
	}
	for maker, want := range map[Role]string{
		OperatorAgent:    "---YY-",
		OperatorLead:     "YYYYY-",
		OperatorCSM:      "------",
		Reseller:         "------",
		Distributor:      "------",
		CustomerAdmin:    "----YY",
		CustomerReadOnly: "------",
		"SYSTEM":         "YYYYYY",
	} {
		for i, role := range made {
			err := MayMakeToken(maker, role)
			if want[i] == 'Y' {
				require.NoError(t, err, "%s makes %s", maker, role)
				continue
			}
			require.Equal(t, Forbidden, CodeOf(err), "%s makes %s", maker, role)
		}
	}
}
