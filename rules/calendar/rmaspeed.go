package calendar

import (
	"regexp"
	"strconv"
)

// RMASpeed is how fast a replacement is promised, in business days of the
// destination after the day of approval: NBD is the next one, "3BD" the third
// (R35c, R78c). STANDARD promises no day.
type RMASpeed string

// The speeds that the default program uses.
const (
	SpeedNBD      RMASpeed = "NBD"
	SpeedStandard RMASpeed = "STANDARD"
)

var businessDaySpeed = regexp.MustCompile(`^([1-9][0-9]?)BD$`)

// BusinessDays gives the promised number of business days; ok is false for a
// speed without a promise, and for one that is not Valid.
func (s RMASpeed) BusinessDays() (days int, ok bool) {
	if s == SpeedNBD {
		return 1, true
	}

	m := businessDaySpeed.FindStringSubmatch(string(s))
	if m == nil {
		return 0, false
	}

	days, err := strconv.Atoi(m[1])
	return days, err == nil
}

// Valid tells whether s is NBD, STANDARD or 1BD to 99BD.
func (s RMASpeed) Valid() bool {
	_, ok := s.BusinessDays()
	return ok || s == SpeedStandard
}

// FasterThan tells whether s promises an earlier day than other. A speed without
// a promise is the slowest.
func (s RMASpeed) FasterThan(other RMASpeed) bool {
	mine, ok := s.BusinessDays()
	theirs, promised := other.BusinessDays()
	return ok && (!promised || mine < theirs)
}
