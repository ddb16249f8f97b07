package portal

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// labelTypes are the media types in which a label is handed out, with the ending of
// its file. What a carrier sends is never shown as a page of ours.
var labelTypes = map[string]string{"application/pdf": "pdf", "image/png": "png"}

// returnLabel finds the label of the parcel in which a unit comes back: of one that
// nobody has called off and that the carrier does not have yet. NOT_FOUND where
// there is none.
func (v *visit) returnLabel(
	subjectID string, direction shipping.ShipmentDirection,
) (logistics.ShipmentLabel, error) {
	parcels, _, err := v.logistics.ListShipments(v.acting(), logistics.ShipmentFilter{
		AccountID: v.who.account().ID,
		SubjectID: subjectID,
		Direction: direction,
		State:     shipping.ShipmentLabelled,
		Page:      db.Page{Limit: 10},
	})
	if err != nil {
		return logistics.ShipmentLabel{}, err
	}

	for _, sh := range parcels {
		if sh.CancelAskedAt != nil {
			continue
		}

		l, err := v.logistics.ShipmentLabelOf(v.acting(), sh.ID)
		if rules.CodeOf(err) == rules.NotFound {
			continue
		}
		if err != nil {
			return l, err
		}

		if labelTypes[l.MediaType] != "" {
			return l, nil
		}
	}

	return logistics.ShipmentLabel{}, errNoPage
}

// labelPath is where the label is handed out; empty where there is none.
func (v *visit) labelPath(
	page, subjectID string, direction shipping.ShipmentDirection,
) (string, error) {
	_, err := v.returnLabel(subjectID, direction)
	if rules.CodeOf(err) == rules.NotFound {
		return "", nil
	}
	return page + "/return-label", err
}

// downloadReturnLabel hands out the label for the way back of a replacement's faulty
// unit, to every member: the one who packs the parcel may not be an administrator.
func downloadReturnLabel(v *visit) (answer, error) {
	return v.downloadLabel(shipping.ShipReturn)
}

// downloadRecallLabel hands out the label for the way back of a recalled spare.
func downloadRecallLabel(v *visit) (answer, error) {
	return v.downloadLabel(shipping.ShipRecall)
}

func (v *visit) downloadLabel(direction shipping.ShipmentDirection) (answer, error) {
	l, err := v.returnLabel(v.param("id"), direction)
	if err != nil {
		return answer{}, err
	}

	return answer{file: &file{
		mediaType: l.MediaType,
		name: v.language.Say("return.file") + "-" +
			v.param("id") + "." + labelTypes[l.MediaType],
		content: l.Content,
	}}, nil
}
