package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/portal/help"
)

// access says who may use a route.
type access int

const (
	anyone access = iota
	signedIn
	member // of the account at hand
	admin  // of the account at hand (R42)
)

type handler func(*visit) (answer, error)

type route struct {
	method, path string
	access       access
	do           handler
}

const get, post = http.MethodGet, http.MethodPost

// table is what routes returns, made when it is first asked for.
var table struct {
	once   sync.Once
	routes []route
}

// routes is every page and form of the portal. Each page asks for them many times: its menu, its
// links and its form are looked up in them.
func routes() []route {
	table.once.Do(func() { table.routes = everyRoute() })
	return table.routes
}

// everyRoute names every page and form of the portal. What changes an account asks
// for its administrator (R42); the other POSTs concern the visitor alone. What cannot be
// undone shows a confirmation first, whether it is opened or sent; confirmation_test.go
// holds which routes those are.
func everyRoute() []route {
	return []route{
		{get, "/", member, showHome},
		{get, contractsPath, member, showContracts},
		{get, contractsPath + "/:id", member, showContract},
		{get, "/service-orders", member, showServiceOrders},
		{get, "/service-orders/:id/cancellation", admin, showCancellation},
		{post, "/service-orders/:id/cancellation", admin, cancelOrder},
		{get, "/service-orders/claim", admin, showClaim},
		{post, "/service-orders/claim", admin, claimWarranty},
		// Whoever belongs to the account opens tickets and writes to them (R55a); all else is
		// for administrators (R42).
		{get, ticketsPath, member, showTickets},
		{get, newTicketPath, member, showNewTicket},
		{post, newTicketPath, member, openTicket},
		{get, ticketsPath + "/:id", member, showTicket},
		{post, ticketsPath + "/:id/reply", member, replyToTicket},
		{post, ticketsPath + "/:id/watchers", admin, changeWatchers},
		{post, ticketsPath + "/:id/session", member, answerSession},
		{get, ticketsPath + "/:id/guests", admin, showGuestForm},
		{post, ticketsPath + "/:id/guests", admin, addGuest},
		{get, ticketsPath + "/:id/cancel", admin, cancelTicket},
		{post, ticketsPath + "/:id/cancel", admin, cancelTicket},
		{get, filesPath + "/:id", member, downloadFile},
		{get, filesPath + "/:id/picture", member, showPicture},
		{get, "/replacements", member, showReplacements},
		{get, "/replacements/request", admin, showRequest},
		{post, "/replacements/request", admin, requestDevice},
		{get, "/replacements/request/accessory", admin, showAccessoryRequest},
		{post, "/replacements/request/accessory", admin, requestAccessory},
		{get, "/replacements/:id", member, showReplacement},
		{get, "/replacements/:id/return-label", member, downloadReturnLabel},
		{get, "/replacements/:id/withdraw", admin, withdrawReplacement},
		{post, "/replacements/:id/withdraw", admin, withdrawReplacement},
		{post, "/replacements/:id/appeal", admin, appealReplacement},
		{post, "/replacements/:id/use-spare", admin, useSpare},
		{get, "/spares", member, showSpares},
		{get, "/spares/:id/return-label", member, downloadRecallLabel},
		{post, "/spares/:id/agree", admin, agreeSpare},
		{get, "/sites", member, showSites},
		{get, "/sites/new", admin, showNewSite},
		{post, "/sites/new", admin, addSite},
		{get, "/sites/:id", admin, showSite},
		{post, "/sites/:id", admin, changeSite},
		{get, roomsPath, member, showRooms},
		{get, assignPath, admin, showAssign},
		{post, assignPath, admin, assignRooms},
		{get, "/rooms/:id", member, showRoom},
		{get, "/rooms/:id/history", member, showRoomHistory},
		{get, "/rooms/:id/help", member, withVendor(showRoomHelp)}, // R55a
		{post, "/rooms/:id/help", member, withVendor(askRoomHelp)},
		{get, helpLinkPath, member, withVendor(followHelpLink)},
		{get, "/rooms/:id/edit", admin, showRoomForm},
		{post, "/rooms/:id/edit", admin, changeRoom},
		{get, "/rooms/:id/move", admin, showMove},
		{post, "/rooms/:id/move", admin, moveThings},
		{get, "/rooms/:id/release", admin, releaseLicence},
		{post, "/rooms/:id/release", admin, releaseLicence},
		{get, "/rooms/:id/archive", admin, archiveRoom},
		{post, "/rooms/:id/archive", admin, archiveRoom},
		{get, devicesPath, member, showDevices},
		{get, newDevicePath, admin, showNewDevices},
		{post, newDevicePath, admin, registerDevices},
		{get, devicesPath + "/:id", member, showDevice},
		{get, devicesPath + "/:id/place", admin, askPlace},
		{post, devicesPath + "/:id/place", admin, placeDevice},
		{get, devicesPath + "/:id/take-out", admin, takeOut},
		{post, devicesPath + "/:id/take-out", admin, takeOut},
		{get, devicesPath + "/:id/purchase", admin, askPurchase},
		{post, devicesPath + "/:id/purchase", admin, correctPurchase},
		{get, newRoomPath, admin, showNewRoom},
		{post, newRoomPath, admin, addRoom},
		{get, importPath, admin, showImport},
		{post, importPath, admin, importRooms},
		{get, templatePath, admin, downloadTemplate},
		{get, importPath + "/:id", member, showImportJob},
		// The account's Sync, where it has one (R34b).
		{get, syncPath, admin, showSync},
		{post, syncPath, admin, connectSync},
		{post, certificatesPath, admin, withSync(addCertificate)},
		{get, certificatesPath + "/:id/remove", admin, withSync(removeCertificate)},
		{post, certificatesPath + "/:id/remove", admin, withSync(removeCertificate)},
		{post, syncSecretsPath, admin, withSync(makeSyncSecret)},
		{get, syncSecretsPath + "/:id/end", admin, withSync(endSyncSecret)},
		{post, syncSecretsPath + "/:id/end", admin, withSync(endSyncSecret)},
		{get, syncGroupsPath, admin, withSync(showSyncGroups)},
		{get, syncGroupPath, admin, withSync(showSyncGroup)},
		{post, syncGroupPath, admin, withSync(placeGroup)},
		{get, syncRoomsPath, admin, withSync(showSyncRooms)},
		{post, syncRoomsPath, admin, withSync(applyToPlaces)},
		{get, syncAllPath, admin, withSync(addEveryNew)},
		{post, syncAllPath, admin, withSync(addEveryNew)},
		{get, syncPlacesPath + "/:id", admin, withSync(showSyncPlace)},
		{post, syncPlacesPath + "/:id", admin, withSync(chooseForPlace)},
		{get, disconnectPath, admin, withSync(disconnectSync)},
		{post, disconnectPath, admin, withSync(disconnectSync)},
		{get, "/onboarding", member, showOnboarding},
		{get, "/account", member, showAccount},
		{post, "/account", member, switchAccount},
		{post, timeZonePath, admin, changeTimeZone},
		{post, languagePath, signedIn, chooseMailLanguage},

		{get, "/colleagues", member, showColleagues},
		{post, "/colleagues", admin, inviteColleague},
		{post, "/colleagues/:id/role", admin, changeRole},
		{get, "/colleagues/:id/remove", admin, removeColleague},
		{post, "/colleagues/:id/remove", admin, removeColleague},
		{get, "/colleagues/:id/second-factor", admin, resetFactor},
		{post, "/colleagues/:id/second-factor", admin, resetFactor},
		{get, "/colleagues/:id/privacy", admin, showMemberPrivacy},
		{post, "/colleagues/:id/export", admin, exportMember},
		{post, "/colleagues/:id/erase", admin, eraseMember},
		{post, "/colleagues/invitations/:id/resend", admin, resendInvitation},
		{get, "/colleagues/invitations/:id/revoke", admin, revokeInvitation},
		{post, "/colleagues/invitations/:id/revoke", admin, revokeInvitation},
		{get, "/colleagues/questions/:id", member, showQuestion},
		{post, "/colleagues/questions/:id/confirm", admin, confirmContact},
		{get, "/colleagues/questions/:id/refuse", member, showRefusal},
		{post, "/colleagues/questions/:id/refuse", admin, refuseContact},

		// Service partners, and, for a partner's people, their customers (R41).
		{get, partnersPath, member, showPartners},
		{post, partnersPath, admin, askPartner},
		{get, partnersPath + "/:id/approve", admin, showApproval},
		{post, partnersPath + "/:id/approve", admin, approveDelegation},
		{get, partnersPath + "/:id/sites", admin, showDelegatedSites},
		{post, partnersPath + "/:id/sites", admin, limitDelegation},
		{get, partnerKeyPath + "/:id/revoke", admin, revokePartnerKey},
		{post, partnerKeyPath + "/:id/revoke", admin, revokePartnerKey},
		{get, partnersPath + "/:id/refuse", admin, refuseDelegation},
		{post, partnersPath + "/:id/refuse", admin, refuseDelegation},
		{get, partnersPath + "/:id/end", admin, endDelegation},
		{post, partnersPath + "/:id/end", admin, endDelegation},
		{get, customersPath, member, showCustomers},
		{post, customersPath, admin, askCustomer},
		{get, customersPath + "/:id/approve", admin, showApproval},
		{post, customersPath + "/:id/approve", admin, approveDelegation},
		{get, customersPath + "/:id/keys", admin, showPartnerKeys},
		{post, customersPath + "/:id/keys", admin, createPartnerKey},
		{get, customersPath + "/:id/refuse", admin, refuseDelegation},
		{post, customersPath + "/:id/refuse", admin, refuseDelegation},
		{get, customersPath + "/:id/end", admin, endDelegation},
		{post, customersPath + "/:id/end", admin, endDelegation},

		{get, activityPath, member, showActivity},

		{get, privacyPath, member, showPrivacy},
		{post, privacyPath, member, askForOwnExport},
		{post, privacyPath + "/:id/file", member, fetchExport},
		{get, ownSignInPath, admin, showOwnSignIn},
		{post, ownSignInPath, admin, changeOwnSignIn},
		{get, ownSignInPath + "/:id/try", admin, tryConnection},
		{get, ownSignInPath + "/:id/enforce", admin, enforceConnection},
		{post, ownSignInPath + "/:id/enforce", admin, enforceConnection},
		{get, ownSignInPath + "/:id/remove", admin, removeFromOwnSignIn},
		{post, ownSignInPath + "/:id/remove", admin, removeFromOwnSignIn},
		{get, directoryPath, admin, showDirectory},
		{post, directoryPath, admin, createDirectoryToken},
		{get, directoryRequestsPath, admin, showDirectoryRequests},
		{get, directoryPath + "/tokens/:id/revoke", admin, revokeDirectoryToken},
		{post, directoryPath + "/tokens/:id/revoke", admin, revokeDirectoryToken},
		{post, directoryPath + "/groups", admin, letGroupIn},
		{get, directoryPath + "/groups/:id/remove", admin, keepGroupOut},
		{post, directoryPath + "/groups/:id/remove", admin, keepGroupOut},
		{get, "/tokens", admin, showTokens},
		{post, "/tokens", admin, createToken},
		{get, "/tokens/:id/revoke", admin, revokeToken},
		{post, "/tokens/:id/revoke", admin, revokeToken},

		{get, "/invitation", anyone, showInvitation},
		{post, "/invitation", anyone, sendCode},
		{get, "/invitation/code", anyone, askCode},
		{post, "/invitation/code", anyone, checkCode},
		{get, "/invitation/person", anyone, askPerson},
		{post, "/invitation/person", anyone, acceptAsNew},
		{post, "/invitation/accept", signedIn, acceptAsKnown},
		{get, "/invitation/request", anyone, askRequest},
		{post, "/invitation/request", anyone, requestInvitation},
		{get, askHelpPath, anyone, showAskHelp},
		{post, askHelpPath, anyone, askHelp},

		// Who sees one ticket alone signs in by a code to the mailbox (S47).
		{get, ticket.GuestPath + ":id", anyone, showGuestDoor},
		{post, ticket.GuestPath + ":id", anyone, sendGuestCode},
		{get, ticket.GuestPath + ":id/code", anyone, askGuestCode},
		{post, ticket.GuestPath + ":id/code", anyone, checkGuestCode},
		{get, ticket.GuestPath + ":id/ticket", anyone, showGuestTicket},
		{post, ticket.GuestPath + ":id/leave", anyone, leaveAsGuest},

		{get, help.Path, anyone, showHelp},
		{get, help.Path + "/:group", anyone, showHelpChapter},
		{get, helpCountriesPath, anyone, showCountries},
		{post, helpVotePath, anyone, voteOnHelp},

		// A company's own sign-in begins with a link and ends with one: a form may not lead to
		// another site.
		{get, "/sso/:slug", anyone, beginOwnSignIn},
		{get, callbackPath, anyone, finishOwnSignIn},
		{get, samlPath + ":id/metadata", anyone, showSAMLMetadata},
		{post, samlAnswerPath, anyone, takeSAMLAnswer},
		{get, finishPath, anyone, finishOwnSignIn},
		{get, againPath, signedIn, proveByOwnSignIn},

		{get, "/sign-in", anyone, showSignIn},
		{post, "/sign-in", anyone, signIn},
		{get, secondPath, anyone, showSecondStep},
		{post, secondPath, anyone, finishSignIn},
		{get, provePath, signedIn, showProof},
		{post, provePath, signedIn, proveFresh},
		{post, "/sign-out", anyone, signOut},
		{get, "/sessions", signedIn, showSessions},
		{post, "/sessions/end", signedIn, endSession},
		{post, "/sessions/end-others", signedIn, endOtherSessions},
		{get, mePath, signedIn, showMe},
		{post, myNamePath, signedIn, chooseName},
		{post, myZonePath, signedIn, chooseTimeZone},
		{post, myPasswordPath, signedIn, changePassword},
		{get, appKeyPath, signedIn, showAppKey},
		{post, appKeyPath, signedIn, useAppKey},
		{get, passkeyPath, signedIn, showNewPasskey},
		{post, passkeyPath, signedIn, addPasskey},
		{get, codesPath, signedIn, makeCodes},
		{post, codesPath, signedIn, makeCodes},
		{get, factorPath + "/:id/remove", signedIn, removeFactor},
		{post, factorPath + "/:id/remove", signedIn, removeFactor},

		{get, "/password-reset", anyone, showReset},
		{post, "/password-reset", anyone, requestReset},
		{get, "/password-reset/new", anyone, showNewPassword},
		{post, "/password-reset/new", anyone, setNewPassword},
	}
}

// pagePath reports whether a path is a page that a visitor can be sent back to
// after signing in.
func pagePath(path string) bool {
	if _, own, ok := delegatedPage(path); ok {
		return delegatedPath(own) && pagePath(own)
	}
	for _, r := range routes() {
		if r.method == get && r.access != anyone && r.leadsTo(path) {
			return true
		}
	}
	return false
}

// formAt is the route to which a form with that address goes; ok is false where none does.
func formAt(path string) (r route, ok bool) {
	for _, r := range routes() {
		if r.method == post && r.leadsTo(path) {
			return r, true
		}
	}
	return route{}, false
}

// pageAddress reports whether an address is that of such a page, with or without a query.
func pageAddress(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	return pagePath(path) && !strings.ContainsAny(address, "#\\\r\n")
}

var ourID = regexp.MustCompile(`^[a-z]{3}_[0-9a-z]{1,40}$`)

// namesOurs reports whether a part of a path names one thing of ours: by its id, or by the
// number that people read, which links and mails use.
func namesOurs(part string) bool {
	if ourID.MatchString(part) {
		return true
	}
	if url.PathEscape(part) != part {
		return false
	}

	for _, kind := range []string{db.NumberOfRMA, db.NumberOfSpare, db.NumberOfTicket} {
		if _, ok := db.ReadNumber(kind, part); ok {
			return true
		}
	}
	return false
}

// leadsTo reports whether a path is one of the route's: letter by letter, with the name of
// something of ours where the route has an id.
func (r route) leadsTo(path string) bool {
	want, got, more := r.path, path, true
	for more {
		part, restWanted, moreWanted := strings.Cut(want, "/")
		given, rest, moreGiven := strings.Cut(got, "/")
		if moreWanted != moreGiven {
			return false
		}
		if part != given && !(part == ":id" && namesOurs(given)) {
			return false
		}
		want, got, more = restWanted, rest, moreGiven
	}

	return !strings.Contains(path, ":")
}
