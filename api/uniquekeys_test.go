package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/shipping"
)

// metBy names, for each unique key of the schema, the operation whose second request meets
// it, or the test in which it is met, or says why no request can. A new key needs its line
// here. That the operation writes the key's table is held, and that there is the test.
var metBy = map[string]string{
	"accounts_match":                      "create-account: an account that matches is the account",
	"api_tokens_hash_key":                 "no request: 256 bits, random or derived with the service's key",
	"api_tokens_once":                     "no request: only the portal's form names itself",
	"attachments_of_account":              "no request: the key is the id with its account, for the foreign keys of others",
	"attachments_once":                    "TestS43_AFileIsStoredOnceAndReadAgainByItsAccountAlone: written with ON CONFLICT DO NOTHING",
	"canned_replies_name":                 "no request: TestCannedRepliesAreFilledInAndRefuseUnknownVariables",
	"audit_events_chain":                  "no request: the number follows the chain's end; who comes second runs again",
	"calendars_country_region_key":        "add-calendar",
	"carrier_events_carrier_event_id_key": "receive-carrier-event",
	"csms_email_key":                      "create-csm",
	"depots_code_key":                     "put-depot",
	"device_claims_open":                  "TestR27c_SerialOfAnotherAccountIsClaimedWithoutDisclosure: a claim that is open is the claim",
	"device_placements_open":              "place-device",
	"delegations_of_account":              "no request: the id with its account, for the keys of others",
	"delegations_open":                    "no request: the portal asks, under the lock of the account; TestR41a_S51_OneSideAsksAndTheOtherAccepts",
	"partners_account":                    "no request: an operator's command, under the lock of the account",
	"devices_serial":                      "register-device",
	"earlier_warranties_claim":            "claim-warranty",
	"earlier_warranties_fingerprint_key":  "import-warranties",
	"earlier_warranties_linked_once":      "no request: linkWarranty looks first, under the account's lock",
	"held_acts_subject":                   "TestS53_ADecisionOnAnOrderIsHeldAndTakenBack: the second runs again and finds the first",
	"identities_person":                   "TestS48_TwoFirstSignInsAtOnceAreOneIdentity: the second runs again and finds it",
	"identities_subject":                  "TestS48_TwoFirstSignInsAtOnceAreOneIdentity: the second runs again and finds it",
	"scim_grants_once":                    "no request: the portal's form, under the lock of the organization; a group that is let in is let in",
	"scim_groups_name":                    "TestS50_TheRequestsOfDirectoriesAreAnswered: 409 uniqueness, asked under the lock of the organization",
	"scim_groups_org_id_id_key":           "no request: the key is the id with its organization, for the foreign keys of others",
	"scim_people_name":                    "TestS50_TheRequestsOfDirectoriesAreAnswered: 409 uniqueness, asked under the lock of the organization",
	"scim_people_org_id_id_key":           "no request: the key is the id with its organization, for the foreign keys of others",
	"scim_people_user":                    "TestS50_TheRequestsOfDirectoriesAreAnswered: a person is looked for first, under the lock of the organization",
	"scim_tokens_hash":                    "no request: 256 bits, random",
	"scim_tokens_live":                    "TestS50_TokensOfADirectory: a third is refused, under the lock of the organization",
	"sso_connections_live":                "no request: the portal's form, under the lock of the account; the one before is switched off",
	"sso_connections_slug":                "no request: 50 bits, random",
	"sso_domains_once":                    "no request: the portal's form, under the lock of the account; a claim that is there is the claim",
	"sso_domains_proved":                  "TestS48_ADomainIsProvedByOneOrganisation: who comes second is told so",
	"sync_certificates_once":              "no request: under the lock of the connection; the same again changes nothing",
	"sync_secrets_once":                   "no request: under the lock of the connection; the same form shows the same",
	"sync_secrets_place":                  "no request: under the lock of the connection; a third is refused",
	"sync_certificates_place":             "no request: under the lock of the connection; a third is refused",
	"sync_connections_live":               "no request: under the lock of the account; who comes second is told that it is connected",
	"sync_connections_of_account":         "no request: the key is the id with its account, for the foreign keys of others",
	"sync_places_of_account":              "no request: the key is the id with its account, for the foreign keys of others",
	"sync_places_once":                    "no request: a worker writes, under the lock of the connection; the row is replaced",
	"sync_places_room":                    "no request: under the lock of the connection; a room that is taken is refused",
	"invitations_live":                    "invite",
	"invitations_token_hash_key":          "no request: 256 bits that are derived from the row's own id",
	"licence_assignments_open":            "assign",
	"licence_assignments_open_room":       "assign",
	"licences_renewed_once":               "no request: fulfilment takes each old licence under the lock of its contract",
	"licences_seq":                        "no request: numbered where the contract is created",
	"memberships_person":                  "no request: an invitation is accepted under its lock, in the portal",
	"notifications_dedupe_key_key":        "no request: written with ON CONFLICT DO NOTHING",
	"operators_email":                     "no request: only the command line adds operators, TestS53_TwoAtOnceAreOneOperator",
	"operators_setup":                     "no request: 256 bits, random",
	"operator_passkey_answers_challenge":  "TestS52_AnAnswerOfAPasskeyOpensTheConsoleOnce: written with ON CONFLICT DO NOTHING",
	"user_passkeys_credential":            "TestS52_APasskeyIsRegisteredOnce: as of operators, the credential is somebody's",
	"operator_passkeys_credential":        "TestS52_APasskeyIsRegisteredOnce: the credential is somebody's",
	"operators_subject":                   "no request: only the console signs operators in, TestS53_TwoAtOnceAreOneOperator",
	"operator_tasks_dedupe_key_key":       "no request: written with ON CONFLICT",
	"order_cancellations_sequence":        "cancel-order: numbered under the order's lock",
	"order_lines_position":                "submit-order: numbered by the intake",
	"orders_number":                       "submit-order: a number is its sender's (S65)",
	"inbound_mails_once":                  "TestS44_AReplyBecomesAMessageOnce: a mail that comes again is the one that is there",
	"inbox_items_mail":                    "TestS44_AMailThatWasKeptIsSortedLater: made where a mail is sorted, once, under its lock",
	"incident_tellings_once":              "no request: the console's form, under the lock of the incident",
	"incidents_once":                      "no request: the console's form, ON CONFLICT DO NOTHING; TestS33_AnIncidentHasThreeBusinessDays",
	"privacy_findings_once":               "no request: noted behind the last one, under the lock of the request",
	"privacy_requests_open":               "no request: the pages ask, ON CONFLICT DO NOTHING; TestS33_AnExportHoldsOnePersonAlone",
	"orgs_identity":                       "put-org: the organisation of the full name and country is changed (S59)",
	"contact_questions_open":              "TestS15_TheOrderThatIsLeftAsksAboutThePerson: a question that is open is the question",
	"orders_vendor_order_no_key":          "submit-order: derived from the order's own id",
	"operator_views_name":                 "TestAViewThatIsSavedAgainHasTheNewChoice: the view of that name gets the new choice",
	"orgs_name":                           "put-org",
	"outbox_events_dedupe_key_key":        "no request: the epoch is a version or number taken under the subject's lock",
	"rmas_number":                         "request-rma: drawn; a number that is taken is drawn again",
	"rmas_once":                           "request-rma: the same request is answered with what it made",
	"rmas_open_device":                    "request-rma",
	"service_contracts_enterprise":        "no request: no enterprise plan is sold yet (S37)",
	"service_contracts_order_line_id_key": "no request: created once, under the order's lock",
	"session_attendees_once":              "TestS46_ASessionIsProposedAgreedScheduledAndCalledOff: written with ON CONFLICT DO NOTHING",
	"ticket_participants_live":            "TestS47_AParticipantSeesOneTicketUntilItCloses: written with ON CONFLICT DO NOTHING",
	"ticket_sessions_of_account":          "no request: the key is the id with its account, for the foreign keys of others",
	"ticket_sessions_uid":                 "no request: it is the session's own id",
	"shipment_scans_cause_key_key":        "TestCarrierEventsAreStoredOnce: written with ON CONFLICT DO NOTHING",
	"shipments_booking_key_key":           "TestBookingIsStoredOnceAndOneNumberIsOneParcel: numbered under the replacement's lock",
	"shipments_live":                      "TestAtMostOneLiveOutboundShipment: looked for under the replacement's lock",
	"shipments_tracking":                  "TestNoTwoParcelsHaveOneTrackingNumber",
	"devices_of_account":                  "no request: the key is the id with its account, for the foreign keys of others",
	"invitations_of_account":              "no request: the key is the id with its account, for the foreign keys of others",
	"licences_of_account":                 "no request: the key is the id with its account, for the foreign keys of others",
	"rmas_of_account":                     "no request: the key is the id with its account, for the foreign keys of others",
	"rooms_once":                          "no request: only the portal's form names itself",
	"rooms_of_account":                    "no request: the key is the id with its account, for the foreign keys of others",
	"service_contracts_of_account":        "no request: the key is the id with its account, for the foreign keys of others",
	"shipments_of_account":                "no request: the key is the id with its account, for the foreign keys of others",
	"sites_of_account":                    "no request: the key is the id with its account, for the foreign keys of others",
	"spare_units_of_account":              "no request: the key is the id with its account, for the foreign keys of others",
	"sites_once":                          "no request: only the portal's form names itself",
	"sites_name":                          "create-site",
	"spare_ledger_once":                   "no request: a recount adds what is missing, under the parent's lock",
	"spare_ledger_seq":                    "no request: numbered under the parent's lock",
	"spare_units_device":                  "act-on-spare-unit: the device is made for the unit",
	"spare_units_line_id_ordinal_key":     "no request: numbered where the ledger's line is written",
	"spare_units_number":                  "no request: drawn; a number that is taken is drawn again",
	"stock_entries_cause_key_key":         "receive-stock",
	"stock_entries_closes_id_key":         "act-on-rma: a reservation is closed under its lock",
	"ticket_clocks_of_account":            "no request: the key is the id with its account, for the foreign keys of others",
	"tickets_of_account":                  "no request: the key is the id with its account, for the foreign keys of others",
	"ticket_clocks_once":                  "write-to-ticket: a clock that is there is stored again",
	"ticket_drafts_once":                  "no request: the pages keep them, and the draft of that author gets the new text",
	"ticket_events_seq":                   "act-on-ticket: numbered under the ticket's lock",
	"ticket_messages_once":                "write-to-ticket: the same message is answered with its ticket",
	"ticket_messages_seq":                 "write-to-ticket: numbered under the ticket's lock",
	"ticket_notes_once":                   "note-ticket: the same note is answered with what was noted",
	"ticket_snapshots_once":               "ask-for-sync-help: one with the ticket that it opens, under the lock of the account",
	"tickets_number":                      "open-ticket: drawn; a number that is taken is drawn again",
	"tickets_once":                        "open-ticket: the same request is answered with what it opened",
	"tickets_open_sync":                   "ask-for-sync-help: under the lock of the account; the ticket that is open is the answer",
	"users_email_key":                     "no request: looked for where an invitation is accepted, in the portal",
	"warranty_attachments_open":           "attach-warranty",
	"warranty_attachments_open_serial":    "attach-warranty",
}

func TestEveryUniqueKeyIsKnown(t *testing.T) {
	env := storetest.Postgres(t)
	keys := env.Strings(t, `
		SELECT c.relname FROM pg_index i
		JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE i.indisunique AND NOT i.indisprimary AND n.nspname = 'public'
			AND c.relname NOT LIKE 'goose%'
		ORDER BY c.relname`)
	require.Equal(t, keys, slices.Sorted(maps.Keys(metBy)))

	doc := described(t)
	known := testNames(t)
	known["no request"] = true
	eachOperation(doc, func(op *huma.Operation) { known[op.OperationID] = true })
	for key, how := range metBy {
		by, _, _ := strings.Cut(how, ":")
		require.True(t, known[by], "%s: there is no operation and no test %s", key, by)
	}
}

// eventsMetBy names, for each function that makes the dedupe key of an outbox event, the
// operation whose second request makes another one, or the test, or says why the same key is
// never made twice. An event whose key is there already fails its transaction, in each try.
var eventsMetBy = map[string]string{
	"identity.insertInvitation": "invite: the id is new",
	"identity.CloseInvitation":  "revoke-invitation: an invitation ends once, under its lock",
	"notification.QueueEach":    "TestS64_CancellationsOneByOneAreToldInSum: a mail that is there starts nothing",
	"notification.queueAgain":   "no request: the epoch is new",
	"replacement.eventOnce":     "act-on-rma: written with the change, which is made once under the lock",
	"order.reopen":              "TestOrders_ARejectedOrderIsReopenedOnceAndReviewedAnew: with the order's version",
	"order.recordCancellation":  "cancel-order: the id of the cancellation, which is made once",
	"order.insertOrder":         "submit-order: the same order inserts nothing",
	"order.recordDecision":      "TestS15_AnAcceptedOrderGoesBackToReviewWhereTheAccountWasOpenedMeanwhile: with the order's version",
	"logistics.tellOwner":       "TestCarrierEventsAreStoredOnce: with the shipment's version",
	"importjob.createImport":    "import-orders: the id is new",
	"operations.RetryProcess":   "no request: the epoch is new",
	"operations.HoldAct":        "no request: the id is new, and one act at a time is held of a subject; TestUndo_EachActSaysWhetherItIsHeld, TestManyAreHeldAndTakenBackTogether",
	"operations.Reconcile":      "TestRestartTellsWhatIsUnderWayAndNothingElse: the epoch is new",
	"ticket.tell":               "open-ticket: the id is new; a bundle of mails begins once, with the version",
	"db.Event":                  "act-on-spare-unit: with the version of the subject's status, under its lock",
}

func TestEveryProducerOfAnOutboxKeyIsKnown(t *testing.T) {
	var producers []string
	eachGoFile(t, "../models", func(path string, file *ast.File) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Name.Name == "NewOutboxEvent" {
				continue
			}
			name := file.Name.Name + "." + f.Name.Name
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.Ident)
				if ok && call.Name == "NewOutboxEvent" && !slices.Contains(producers, name) {
					producers = append(producers, name)
				}
				return true
			})
		}
	})
	slices.Sort(producers)
	require.Equal(t, producers, slices.Sorted(maps.Keys(eventsMetBy)))

	known := testNames(t)
	known["no request"] = true
	eachOperation(described(t), func(op *huma.Operation) { known[op.OperationID] = true })
	for producer, how := range eventsMetBy {
		by, _, _ := strings.Cut(how, ":")
		require.True(t, known[by], "%s: there is no operation and no test %s", producer, by)
	}
}

// testNames are the tests of the whole module.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	eachGoFile(t, "..", func(path string, file *ast.File) {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && strings.HasSuffix(path, "_test.go") && strings.HasPrefix(f.Name.Name, "Test") {
				names[f.Name.Name] = true
			}
		}
	})
	require.Greater(t, len(names), 500)
	return names
}

// eachGoFile parses the Go files below a folder.
func eachGoFile(t *testing.T, root string, do func(path string, file *ast.File)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			do(path, file)
		}
		return err
	}))
}

func eachOperation(doc *huma.OpenAPI, do func(op *huma.Operation)) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				do(op)
			}
		}
	}
}

// TestNoRequestThatComesTwiceIsAnInternalError sends each operation's example twice, as a
// caller does who forgot the idempotency key, so that the second meets what the first left.
func TestNoRequestThatComesTwiceIsAnInternalError(t *testing.T) {
	h := sqlite(t)
	router := api.NewRouter(api.Options{Domains: h.Domains})
	registered, err := api.Register(router, api.Options{Domains: h.Domains})
	require.NoError(t, err)
	world := h.world(t)
	written := map[string]map[string]bool{} // tables, by operation
	eachOperation(registered.OpenAPI(), func(op *huma.Operation) {
		if op.Method == "GET" {
			return
		}
		t.Run(op.OperationID, func(t *testing.T) {
			c, path := world[op.OperationID]()
			h.Statements.Reset()
			first := h.example(t, c, op, path)
			require.Less(t, first.Status, 300, string(first.Body))
			second := h.example(t, c, op, path)
			require.Less(t, second.Status, 500, string(second.Body))
			written[op.OperationID] = tablesWritten(h.Statements.List())
		})
	})

	for producer, how := range eventsMetBy {
		operation, _, _ := strings.Cut(how, ":")
		if tables, ran := written[operation]; ran && !tables["outbox_events"] {
			t.Errorf("%s: %s writes no event", producer, operation)
		}
	}

	// What metBy says of an operation is so: its example writes rows of the key's table.
	for key, how := range metBy {
		operation, _, _ := strings.Cut(how, ":")
		if tables, ran := written[operation]; ran {
			has := func(table string) bool { return strings.HasPrefix(key, table+"_") }
			if names := slices.Sorted(maps.Keys(tables)); !slices.ContainsFunc(names, has) {
				t.Errorf("%s: %s writes %v", key, operation, names)
			}
		}
	}
}

var writes = regexp.MustCompile("(?i)^\\s*(?:INSERT INTO|UPDATE)\\s+[`\"]?(\\w+)")

func tablesWritten(statements []string) map[string]bool {
	tables := map[string]bool{}
	for _, sql := range statements {
		if found := writes.FindStringSubmatch(sql); found != nil {
			tables[found[1]] = true
		}
	}
	return tables
}

// Two replacements whose parcels are said to have one number: the warehouse learns which
// field is wrong, and the second leaves once it is put right.
func TestNoTwoParcelsHaveOneTrackingNumber(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		var ids []string
		for i, serial := range []string{"SN-200", "SN-201"} {
			c := h.CoveredFor(t, storetest.Company(i), "ana@acme.example", serial)
			r := h.Approved(t, c)
			_, err := h.AllocateRMA(storetest.Operator(), r.ID, "")
			require.NoError(t, err)
			ids = append(ids, r.ID)
		}

		ship := func(id, serial, tracking string) answer {
			return h.Lead.post("/v1/rmas/"+id+"/ship", map[string]any{
				"serial": serial, "carrier": "sim", "tracking": tracking,
			})
		}
		require.Equal(t, 200, ship(ids[0], "NEW-200", "TRK-1").Status)
		for range 2 {
			p := problem(t, ship(ids[1], "NEW-201", "TRK-1"), 409, shipping.TrackingTaken)
			require.Equal(t, []string{"/tracking " + shipping.TrackingTaken}, codes(p.Errors))
		}
		require.Equal(t, 200, ship(ids[1], "NEW-201", "TRK-2").Status)
		h.AuditHolds(t)
	})
}
