package activities

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/models/logistics"
)

// Parcels asks the carrier about the parcels of a subject: an RMA or a spare unit.
type Parcels struct {
	Logistics *logistics.Logistics
	Carrier   carrier.Carrier // nil: none is configured
	Name      string          // whose tracking numbers they are
}

// ParcelsOf names a subject.
type ParcelsOf struct {
	SubjectID string
}

// ParcelsSettled counts what was done.
type ParcelsSettled struct {
	Booked    int `json:",omitempty"`
	Cancelled int `json:",omitempty"`
}

// CarrierLease is how long one attempt may take: a few requests of ten seconds.
const CarrierLease = 2 * time.Minute

// ErrCarrierLater says that the carrier could not be asked for now.
var ErrCarrierLater = errors.New("the carrier cannot be asked for now")

var errNoCarrier = &carrier.Error{Code: carrier.Unauthorised}

// SettleParcels books, labels or calls off what is outstanding for a subject. A booking
// is named by the shipment's key, so an attempt that died is simply repeated.
func (a *Parcels) SettleParcels(ctx context.Context, in ParcelsOf) (ParcelsSettled, error) {
	var done ParcelsSettled
	for {
		parcels, err := a.Logistics.OutstandingParcels(system(ctx), in.SubjectID)
		if err != nil || len(parcels) == 0 {
			return done, failed(err)
		}

		if a.Carrier == nil {
			return done, a.later(ctx, errNoCarrier)
		}

		same, err := a.Logistics.AskCarrier(system(ctx), parcels)
		if err != nil {
			return done, failed(err)
		}
		if !same {
			continue // it may go elsewhere by now
		}

		goesOn, errs := a.callOffUnwanted(ctx, parcels, &done)
		if goesOn {
			continue // what it means to the other parcels is known now
		}

		errs = append(errs, a.bookWanted(ctx, parcels, &done)...)
		return done, a.answered(ctx, errs)
	}
}

// callOffUnwanted calls off the parcels that somebody asked to cancel, until one turns
// out to be on its way and goes on.
func (a *Parcels) callOffUnwanted(
	ctx context.Context, parcels []logistics.OutstandingParcel, done *ParcelsSettled,
) (goesOn bool, errs []error) {
	for _, p := range parcels {
		if !p.Asked() {
			continue
		}

		goesOn, err := a.callOff(ctx, p, done)
		if goesOn && err == nil {
			return true, nil
		}
		errs = append(errs, err)
	}

	return false, errs
}

// bookWanted books the parcels that are to be sent and stores their numbers. A number
// whose shipment nobody wants any more by then is cancelled at once.
func (a *Parcels) bookWanted(
	ctx context.Context, parcels []logistics.OutstandingParcel, done *ParcelsSettled,
) (errs []error) {
	var booked []logistics.BookedParcel
	for _, p := range parcels {
		if p.Asked() {
			continue
		}

		b, err := a.book(ctx, p)
		if b.Tracking != "" {
			booked = append(booked, b)
		}
		errs = append(errs, err)
	}

	unused, err := a.Logistics.StoreBookings(system(ctx), booked)
	if err != nil {
		return append(errs, err)
	}

	done.Booked += len(booked) - len(unused)
	for _, tracking := range unused {
		errs = append(errs, a.Carrier.Cancel(ctx, tracking))
	}
	return errs
}

// book books a parcel, unless it is booked, and fetches its label. What was booked is
// given also where the label fails.
func (a *Parcels) book(
	ctx context.Context, p logistics.OutstandingParcel,
) (logistics.BookedParcel, error) {
	b := logistics.BookedParcel{ShipmentID: p.ID}
	if p.Tracking != nil {
		b.Tracking = *p.Tracking
	} else {
		booked, err := a.Carrier.Book(ctx, p.BookingKey, bookingOf(p))
		if err != nil {
			return b, a.notBooked(ctx, p, err)
		}
		b.Tracking = booked.Tracking
	}

	l, err := a.Carrier.Label(ctx, b.Tracking)
	if err == nil {
		b.MediaType, b.Label = l.MediaType, l.Content
	}

	return b, err
}

// notBooked returns why the carrier did not book a parcel. Where it has refused for good, as it
// does an address that is wrong, the parcel may go elsewhere.
func (a *Parcels) notBooked(
	ctx context.Context, p logistics.OutstandingParcel, err error,
) error {
	switch carrier.CodeOf(err) {
	case carrier.InvalidBooking, carrier.Refused:
		if stored := a.Logistics.BookingRefused(system(ctx), p.ID); stored != nil {
			return stored
		}
	}
	return err
}

func bookingOf(p logistics.OutstandingParcel) carrier.Booking {
	return carrier.Booking{
		Reference: p.ID,
		Service:   carrier.Service(p.Service),
		From:      carrierAddress(p.From),
		To:        carrierAddress(p.To),
		Contents:  p.Contents,
		DeliverBy: p.DeliverBy,
		DropOff:   !p.Direction.Outward(),
	}
}

func carrierAddress(e logistics.ParcelEnd) carrier.Address {
	return carrier.Address{
		Name:       e.Name,
		Company:    e.Company,
		Street:     e.Street,
		City:       e.City,
		Region:     e.Region,
		PostalCode: e.PostalCode,
		Country:    e.Country,
	}
}

// callOff cancels a parcel. One that was perhaps booked by an attempt that died is
// booked by its key first, which gives the number to cancel. One that the carrier has
// goes on.
func (a *Parcels) callOff(
	ctx context.Context, p logistics.OutstandingParcel, done *ParcelsSettled,
) (goesOn bool, err error) {
	var tracking string
	if p.Tracking != nil {
		tracking = *p.Tracking
	} else {
		booked, err := a.Carrier.Book(ctx, p.BookingKey, bookingOf(p))
		if err != nil && (carrier.IsTemporary(err) || carrier.CodeOf(err) == carrier.KeyReused) {
			return false, err
		}
		// none where the carrier refuses the booking: nothing is to cancel
		tracking = booked.Tracking
	}

	if tracking != "" {
		switch err := a.Carrier.Cancel(ctx, tracking); carrier.CodeOf(err) {
		case carrier.UnknownParcel:
		case carrier.AlreadyPickedUp:
			return true, a.goesOn(ctx, p, tracking)
		default:
			if err != nil {
				return false, err
			}
		}
	}

	done.Cancelled++
	return false, a.Logistics.ParcelCancelled(system(ctx), p.ID)
}

// goesOn takes over what the carrier has scanned of a parcel that it would not leave:
// the withdrawal came too late.
func (a *Parcels) goesOn(
	ctx context.Context, p logistics.OutstandingParcel, tracking string,
) error {
	if p.Tracking == nil {
		if _, err := a.Logistics.StoreBookings(
			system(ctx), []logistics.BookedParcel{{ShipmentID: p.ID, Tracking: tracking}},
		); err != nil {
			return err
		}
	}

	known, err := a.Carrier.Track(ctx, tracking)
	if err != nil {
		return err
	}

	for _, e := range known.Events {
		raw, err := json.Marshal(e)
		if err != nil {
			return err
		}

		n := logistics.NewCarrierEvent{
			Carrier:    a.Name,
			EventID:    e.EventID,
			Tracking:   e.Tracking,
			Kind:       e.Kind,
			OccurredAt: e.OccurredAt,
			Raw:        raw,
		}

		if _, err := a.Logistics.ReceiveCarrierEvent(system(ctx), n); err != nil {
			return err
		}
	}

	return a.Logistics.ParcelGoesOn(system(ctx), p.ID)
}

// answered makes one error of several: as long as anything may succeed later, all of
// it is tried again.
func (a *Parcels) answered(ctx context.Context, errs []error) error {
	var refused error
	for _, err := range errs {
		var e *carrier.Error
		switch {
		case err == nil:
		case !errors.As(err, &e):
			return failed(err)
		case e.Code.Temporary():
			return a.later(ctx, e)
		default:
			refused = temporal.NewNonRetryableApplicationError(e.Error(), ErrorRefused, nil)
		}
	}

	return refused
}

// later asks Temporal for the pause that the carrier asks for, or else for one that
// grows with the outage.
func (a *Parcels) later(ctx context.Context, e *carrier.Error) error {
	info := activity.GetInfo(ctx)
	pause := max(
		e.RetryAfter, min(MailPause(info.StartedTime.Sub(info.ScheduledTime)), MostCarrierPause),
	)
	return temporal.NewApplicationErrorWithOptions(e.Error(), "", temporal.ApplicationErrorOptions{
		Cause:          ErrCarrierLater,
		NextRetryDelay: pause,
	})
}

// MostCarrierPause is the most time between two attempts, unless the carrier asks for
// more: a replacement is promised for tomorrow.
const MostCarrierPause = 5 * time.Minute
