package entitlement

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// RoomOfFile is a row of a file of rooms. Err is what the file itself got wrong.
type RoomOfFile struct {
	No   int
	Form licensing.RoomRow
	Err  []rules.FieldError
}

// errBatchRefused rolls the first batch back: all or nothing.
var errBatchRefused = errors.New("models: a row of the first batch is refused")

// requester returns the context of the person who asked for a job: the audit names
// them, and their permissions are checked again.
func requester(ctx context.Context, job importjob.ImportJob) context.Context {
	org := job.OrgID
	if job.RequestedRole.IsOperator() {
		org = account.OperatorOrgID
	}

	return db.WithScope(ctx, db.Scope{
		System: true,
		Actor:  db.Actor{ID: job.RequestedBy, Role: job.RequestedRole, OrgID: org},
	})
}

// errActsNoMore ends a file of somebody of a service partner whose delegation is over.
var errActsNoMore = rules.Refuse(rules.Forbidden,
	"The delegation by which this file was sent is over.",
	"Send it again once there is another one.")

// actingFor is the transaction of whoever asked for a job. Somebody of a service partner acts by
// a delegation, which is read again for each batch: a file goes no further than what let it in
// (R41d). The audit names the partner and the account (R41e).
func (s *Entitlements) actingFor(tx *db.Tx, job importjob.ImportJob) (*db.Tx, error) {
	if job.RequestedRole != rules.PartnerAdmin {
		return tx, nil
	}
	d, err := s.people.DelegatedIn(tx, job.RequestedBy, db.Text(job.AccountID))
	switch {
	case rules.CodeOf(err) == rules.NotFound:
		return nil, errActsNoMore
	case err != nil:
		return nil, err
	case d.Role() != rules.PartnerAdmin || len(d.Sites()) > 0:
		return nil, errActsNoMore
	}

	scope := tx.Scope
	scope.Actor.OrgID = d.PartnerOrgID
	scope.Actor.OnBehalfOf = d.AccountID
	return tx.As(scope), nil
}

// CheckRooms reports on rows that are to be stored: the very same checks as CreateRoom
// and RegisterDevice, by three statements for all of them. It stores nothing but the claims on
// devices of other accounts, as RegisterDevice does (R27c), in a dry run too: else a file would
// tell without a trace whether others have a serial. A claim that is open already is not repeated.
func (s *Entitlements) CheckRooms(
	ctx context.Context, job importjob.ImportJob, rows []RoomOfFile,
) ([]importjob.ImportRow, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	var reports []importjob.ImportRow
	err = s.db.WriteAcross(requester(ctx, job), func(tx *db.Tx) error {
		tx, err := s.actingFor(tx, job)
		if err != nil {
			return err
		}

		b, err := s.newRoomBatch(tx, ref, job, rows)
		if err != nil {
			return err
		}

		reports = b.decide(rows)
		if len(b.claims) == 0 {
			return nil
		}

		b.acc, err = account.Lock(tx, b.acc.ID)
		if err != nil {
			return err
		}

		return b.raiseClaims()
	})

	return reports, err
}

// StoreRooms stores a batch of rows in one transaction with its report, its audit
// and the job's counts and mark, so that a job that was killed goes on behind the
// last batch. A row that is refused meanwhile is reported; in the first batch of an
// import of all or nothing it keeps everything out, and the job comes back REFUSED.
// A batch that another worker has stored answers with an error and stores nothing. Where the
// delegation is over by which the file came, the job comes back FAILED.
func (s *Entitlements) StoreRooms(
	ctx context.Context, job importjob.ImportJob, rows []RoomOfFile,
) (importjob.ImportJob, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return importjob.ImportJob{}, err
	}

	var after importjob.ImportJob
	var reports []importjob.ImportRow
	err = s.db.WriteAcross(requester(ctx, job), func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, job.Reason); err != nil {
			return err
		}

		acc, err := account.Lock(tx, db.Text(job.AccountID))
		if err != nil {
			return err
		}

		tx, err = s.actingFor(tx, job) // behind the lock: whatever ends it waits for this batch
		if err != nil {
			return err
		}

		b, err := s.newRoomBatch(tx, ref, job, rows)
		if err != nil {
			return err
		}

		b.acc = acc

		reports = b.decide(rows)
		after = job
		after.Count(reports)
		if job.AllOrNothing && job.StoredThrough == 0 && after.RowsRefused > 0 {
			return errBatchRefused
		}

		if err := b.store(reports); err != nil {
			return err
		}

		after.StoredThrough = rows[len(rows)-1].No
		return importjob.MoveOn(tx, job, after)
	})
	if errors.Is(err, errBatchRefused) {
		return s.refuseFirstBatch(ctx, job, reports)
	}
	if errors.Is(err, errActsNoMore) {
		job.State = importjob.ImportFailed
		job.Error = errActsNoMore.Error()
		return job, nil
	}

	return after, err
}

// refuseFirstBatch reports what changed between check and store; nothing of the file is
// stored.
func (s *Entitlements) refuseFirstBatch(
	ctx context.Context, job importjob.ImportJob, reports []importjob.ImportRow,
) (importjob.ImportJob, error) {
	refused := reports[:0]
	for _, r := range reports {
		if r.Outcome == importjob.RowRefused {
			refused = append(refused, r)
		}
	}

	job.RowsRefused = len(refused)
	job.State = importjob.ImportRefused
	err := s.jobs.PutImportRows(ctx, refused)
	return job, err
}

// roomBatch decides rows of a file of rooms against what the database has, and
// collects what is to be written.
type roomBatch struct {
	s  *Entitlements
	tx *db.Tx

	acc account.Account
	job importjob.ImportJob

	rooms     map[licensing.RoomKey][]*Room // active ones of the account, as a file knows them
	devices   map[string]*PlacedDevice      // live ones of all accounts, by serial
	models    map[string][]catalogue.ProductModel
	siteCount int                            // of the account, before the batch
	sites     map[string]account.AccountSite // of the account, by rules.SiteKey

	newSites   []account.AccountSite
	newRooms   []*Room
	newDevices []*Device
	placements []DevicePlacement
	entries    []db.Entry
	claims     []wantedDevice
}

// wantedDevice is another account's device that a row names.
type wantedDevice struct {
	device Device
	roomID string
	proof  string // of purchase, as the row gives it
}

// newRoomBatch looks up the account, and the rooms and devices that the rows name.
func (s *Entitlements) newRoomBatch(
	tx *db.Tx, ref program.Reference, job importjob.ImportJob, rows []RoomOfFile,
) (*roomBatch, error) {
	b := &roomBatch{
		s:       s,
		tx:      tx,
		job:     job,
		models:  ref.Models,
		rooms:   map[licensing.RoomKey][]*Room{},
		devices: map[string]*PlacedDevice{},
	}

	if err := db.Found(tx.First(&b.acc, "id = ?", db.Text(job.AccountID)).Error); err != nil {
		return nil, err
	}

	names := map[string]bool{}
	serials := map[string]bool{}
	sites := map[string]bool{}
	for _, r := range rows {
		if site, told := r.Form.Site(); told {
			sites[storable(site.Name)] = true
		}
		room := r.Form.Room.Trimmed()
		names[rules.SearchKey(room.Name, room.Site)] = true
		for _, d := range r.Form.Devices {
			if serial := rules.NormaliseSerial(d.Serial); serial != "" {
				serials[serial] = true
			}
		}
	}

	if err := b.findRooms(names); err != nil {
		return nil, err
	}
	if err := b.findDevices(serials); err != nil {
		return nil, err
	}

	var err error
	if len(sites) > 0 {
		if b.siteCount, err = account.CountSites(tx, b.acc.ID); err != nil {
			return nil, err
		}
	}
	b.sites, err = account.SitesNamed(tx, b.acc.ID, slices.Sorted(maps.Keys(sites)))
	if err != nil {
		return nil, err
	}

	return b, nil
}

// findRooms reads the account's active rooms of the names: of name and site together, as
// a search finds them, which is never narrower than how a room is known.
func (b *roomBatch) findRooms(names map[string]bool) error {
	args := make([]any, 0, len(names)+2)
	for n := range names {
		args = append(args, storable(n))
	}

	args = append(args, b.acc.ID, licensing.RoomActive)

	var rooms []*Room
	err := b.tx.Raw(roomsByName(b.tx, len(names)), args...).Scan(&rooms).Error
	if err != nil {
		return err
	}

	for _, r := range rooms {
		key := r.form().Key()
		b.rooms[key] = append(b.rooms[key], r)
	}

	return nil
}

// roomsByName returns the statement that finds rooms by n search keys. On
// PostgreSQL it goes to the index for each key, whatever the planner believes of a
// table that has just begun to grow: reading all rooms of the account for each batch
// would cost the square of the file.
func roomsByName(tx *db.Tx, n int) string {
	keys := strings.TrimSuffix(strings.Repeat("(?),", n), ",")
	if tx.Postgres() {
		return `SELECT r.* FROM (VALUES ` + keys + `) AS v (search_key)
			CROSS JOIN LATERAL (
				SELECT * FROM rooms
				WHERE search_key = v.search_key AND account_id = ? AND state = ?
				OFFSET 0) AS r`
	}

	return `SELECT * FROM rooms
		WHERE search_key IN (VALUES ` + keys + `) AND account_id = ? AND state = ?`
}

// storable returns the text, or none where no database could hold it: the rules refuse
// such a row, and nothing can be found under it.
func storable(text string) string {
	if !rules.Storable(text) {
		return ""
	}
	return text
}

// findDevices reads the live devices, of all accounts, with the serials.
func (b *roomBatch) findDevices(serials map[string]bool) error {
	var list []string
	for s := range serials {
		if rules.SerialProblem("", s) == nil {
			list = append(list, s)
		}
	}

	if len(list) == 0 {
		return nil
	}

	slices.Sort(list)

	var devices []*PlacedDevice
	err := b.tx.Raw(devicesBySerial(b.tx, len(list)), db.AnySlice(list)...).Scan(&devices).Error
	if err != nil {
		return err
	}

	for _, d := range devices {
		b.devices[*d.Serial] = d
	}

	return nil
}

// devicesBySerial is the statement that finds live devices by n serials, with the
// room of each; see roomsByName.
func devicesBySerial(tx *db.Tx, n int) string {
	list := strings.TrimSuffix(strings.Repeat("(?),", n), ",")
	if tx.Postgres() {
		return `SELECT d.*, p.room_id FROM (VALUES ` + list + `) AS v (serial)
			CROSS JOIN LATERAL (
				SELECT * FROM devices
				WHERE serial = v.serial AND state <> 'RETIRED'
				OFFSET 0) AS d
			LEFT JOIN LATERAL (
				SELECT room_id FROM device_placements
				WHERE device_id = d.id AND to_at IS NULL
				OFFSET 0) AS p ON true`
	}

	return `SELECT d.*, p.room_id FROM devices AS d
		LEFT JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL
		WHERE d.serial IN (VALUES ` + list + `) AND d.state <> 'RETIRED'`
}

// decide works out the outcome of each row, and collects what the good ones lead to.
func (b *roomBatch) decide(rows []RoomOfFile) []importjob.ImportRow {
	reports := make([]importjob.ImportRow, len(rows))
	for i, row := range rows {
		reports[i] = b.row(row)
		reports[i].JobID = b.job.ID
		reports[i].RowNo = row.No
	}
	return reports
}

// row decides one row: it is refused, changes nothing, or is to be stored.
func (b *roomBatch) row(row RoomOfFile) importjob.ImportRow {
	room, isNew, fields := b.room(row)
	site, wrong := b.site(row)
	fields = rules.AddFields(fields, wrong...)
	report := importjob.ImportRow{Outcome: importjob.RowUnchanged, Errors: slices.Clone(row.Err)}
	var devices []*Device
	for i, form := range row.Form.Devices {
		pointer := "/devices/" + strconv.Itoa(i) + "/model"
		report.Warnings = append(report.Warnings,
			catalogue.DoubtModel(pointer, form.ModelCode, b.models)...)
		d, wrong := b.device(i, form, room, isNew, &report)
		fields = rules.AddFields(fields, wrong...)
		if d != nil {
			devices = append(devices, d)
		}
	}

	for _, f := range fields {
		if !told(row.Err, f.Pointer) {
			report.Errors = rules.AddFields(report.Errors, f)
		}
	}

	if len(report.Errors) > 0 {
		report.Outcome = importjob.RowRefused
		return report
	}

	if site != nil {
		b.sites[site.NameKey] = *site
		b.newSites = append(b.newSites, *site)
	}

	b.addRow(room, isNew, devices)
	report.RoomID = &room.ID
	report.DeviceID = nil
	if isNew || site != nil || len(devices) > 0 {
		report.Outcome = importjob.RowStored
	}
	if len(row.Form.Devices) == 1 {
		serial := rules.NormaliseSerial(row.Form.Devices[0].Serial)
		report.DeviceID = &b.devices[serial].ID
	}

	return report
}

// told reports whether the file's own errors say enough about a field: of one whose
// text could not be read the rules would only say that it is missing.
func told(file []rules.FieldError, pointer string) bool {
	return slices.ContainsFunc(file, func(f rules.FieldError) bool {
		return f.Pointer == "" || f.Pointer == pointer || strings.HasPrefix(pointer, f.Pointer+"/")
	})
}

// room finds the row's room, or makes it.
func (b *roomBatch) room(row RoomOfFile) (room *Room, isNew bool, fields []rules.FieldError) {
	form := row.Form.Room.Trimmed()
	room = &Room{
		ID:        db.NewID(db.PrefixRoom),
		AccountID: b.acc.ID,
		State:     licensing.RoomActive,
		CreatedAt: b.tx.Now(),
		Version:   1,
	}

	if err := room.fill(form, b.acc); err != nil {
		return room, true, fieldsOf(err)
	}

	switch there := named(b.rooms[form.Key()], form); len(there) {
	case 0:
		return room, true, nil
	case 1:
		return there[0], false, licensing.RoomDifferences(there[0].form(), form,
			licensing.RoomDiffers)
	}

	return room, true, []rules.FieldError{{
		Pointer: "/name",
		Code:    licensing.RoomAmbiguous,
		Message: "Several rooms have this name at this site.",
		Remedy:  "Give each its own name first.",
	}}
}

// site makes the site whose address the row gives; nil where it gives none, or the account
// has it there already.
func (b *roomBatch) site(row RoomOfFile) (*account.AccountSite, []rules.FieldError) {
	form, told := row.Form.Site()
	if !told {
		return nil, nil
	}
	if rules.SiteKey(form.Name) == "" {
		return nil, []rules.FieldError{licensing.SiteNameless()}
	}

	if known, ok := b.sites[rules.SiteKey(form.Name)]; ok {
		if rules.SameSiteAddress(known.Address(), form.Address) {
			return nil, nil
		}
		return nil, []rules.FieldError{licensing.SiteAddressDiffers(licensing.SiteDiffers)}
	}

	site, err := account.SiteFrom(b.tx, b.acc, form)
	if err != nil {
		return nil, ofAddress(fieldsOf(err))
	}
	if err := rules.MayAddSites(b.siteCount+len(b.newSites), 1); err != nil {
		return nil, []rules.FieldError{{
			Pointer: "/site",
			Code:    rules.TooManyNamed,
			Message: "The account has as many sites as it may have.",
			Remedy:  "Name a site that is there, or ask the operator for another account.",
		}}
	}
	return &site, nil
}

// ofAddress keeps what is wrong with the address: the rest the room says itself.
func ofAddress(fields []rules.FieldError) []rules.FieldError {
	return slices.DeleteFunc(fields, func(f rules.FieldError) bool {
		return !slices.Contains([]string{
			"/address/street", "/address/city", "/address/postal_code",
		}, f.Pointer)
	})
}

// named returns the rooms that a form means: those that are written just so, or else all
// that are known by the same key.
func named(rooms []*Room, form licensing.RoomForm) []*Room {
	exact := slices.DeleteFunc(slices.Clone(rooms), func(r *Room) bool {
		stored := r.form().Trimmed()
		return stored.Name != form.Name || stored.Site != form.Site
	})
	if len(exact) > 0 {
		return exact
	}
	return rooms
}

// fieldsOf are a refusal's fields; one without any concerns the whole row.
func fieldsOf(err error) []rules.FieldError {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return nil
	}

	if len(refusal.Fields) > 0 {
		return refusal.Fields
	}

	return []rules.FieldError{{
		Code:    refusal.Code,
		Message: refusal.Message,
		Remedy:  refusal.Remedy,
	}}
}

// device finds or makes the i-th device of a row; nil where it is in the room
// already. A serial of the account that is elsewhere is named in the report.
func (b *roomBatch) device(
	i int, form licensing.DeviceForm, room *Room, isNew bool, report *importjob.ImportRow,
) (*Device, []rules.FieldError) {
	at := "/devices/" + strconv.Itoa(i)
	form.Serial = rules.NormaliseSerial(form.Serial)
	if err := form.Validate(localDay(b.tx, b.acc, *room)); err != nil {
		fields := fieldsOf(err)
		for i := range fields {
			fields[i].Pointer = at + fields[i].Pointer
		}
		return nil, fields
	}

	there, ok := b.devices[form.Serial]
	switch {
	case !ok:
		d := newDevice(b.tx, b.acc, form, room.ID)
		return &d, nil
	case there.AccountID != b.acc.ID:
		proof := rules.NormaliseText(form.PurchaseProof)
		b.claims = append(b.claims, wantedDevice{there.Device, room.ID, proof})
		return nil, []rules.FieldError{{
			Pointer: at + "/serial",
			Code:    licensing.SerialClaimed,
			Message: "This serial number is registered elsewhere.",
			Remedy:  "Check the number on the device; an operator was asked to look into it.",
		}}
	case !isNew && db.Text(there.RoomID) == room.ID:
		return nil, licensing.DeviceDifferences(at, there.form(), form)
	}

	report.RoomID = there.RoomID
	report.DeviceID = &there.ID
	return nil, []rules.FieldError{{
		Pointer: at + "/serial",
		Code:    licensing.SerialRegistered,
		Message: "This serial number is already registered in the account.",
		Remedy: "Move the device that has it, or check the number; " +
			"the report names the device and its room.",
	}}
}

// addRow collects what a good row leads to; the rows after it find it.
func (b *roomBatch) addRow(room *Room, isNew bool, devices []*Device) {
	if isNew {
		n := room.form().Key()
		b.rooms[n] = append(b.rooms[n], room)
		b.newRooms = append(b.newRooms, room)
		b.note("room.created", room.ID, map[string]any{"after": room.facts()})
	}

	for _, d := range devices {
		b.devices[*d.Serial] = &PlacedDevice{*d, &room.ID}
		b.newDevices = append(b.newDevices, d)
		b.placements = append(b.placements, placement(b.tx.Scope, *d, room.ID, d.CreatedAt))
		b.note("device.registered", d.ID, map[string]any{"after": d.Facts(), "room": room.ID})
	}
}

func (b *roomBatch) note(verb, id string, details map[string]any) {
	details["import"] = b.job.ID
	b.entries = append(b.entries, db.Entry{
		Verb:     verb,
		ObjectID: id,
		Details:  db.WithReason(b.job.Reason, details),
	})
}

// store writes everything that the batch leads to, one statement for each table.
func (b *roomBatch) store(reports []importjob.ImportRow) error {
	if err := account.StoreSites(b.tx, b.acc.ID, b.job.Reason, b.newSites); err != nil {
		return err
	}

	if len(b.newRooms) > 0 {
		if err := b.tx.Create(&b.newRooms).Error; err != nil {
			return err
		}
	}

	if len(b.newDevices) > 0 {
		if err := b.tx.Create(&b.newDevices).Error; err != nil {
			return err
		}
	}

	if len(b.placements) > 0 {
		if err := b.tx.Create(&b.placements).Error; err != nil {
			return err
		}
	}

	if len(b.entries) > 0 {
		if err := account.Audit(b.tx, b.acc.ID, b.entries...); err != nil {
			return err
		}
	}

	if err := b.raiseClaims(); err != nil {
		return err
	}

	return importjob.PutRows(b.tx, reports)
}

// raiseClaims asks an operator about devices of other accounts, once for each. A file that is
// only checked asks about each once a day, however often it is checked. A room that is not
// stored is not named.
func (b *roomBatch) raiseClaims() error {
	if len(b.claims) == 0 {
		return nil
	}

	var stored []string
	err := b.tx.Model(&Room{}).
		Where("id IN ?", db.IdsOf(b.claims, func(c wantedDevice) string { return c.roomID })).
		Pluck("id", &stored).Error
	if err != nil {
		return err
	}

	for _, c := range b.claims {
		if !slices.Contains(stored, c.roomID) {
			c.roomID = ""
		}
		if b.job.DryRun {
			lately, err := claimedLately(b.tx, b.acc, c.device)
			if err != nil {
				return err
			}
			if lately {
				continue
			}
		}
		if err := claim(b.tx, b.acc, c.device, c.roomID, c.proof); err != nil {
			return err
		}
	}

	return nil
}
