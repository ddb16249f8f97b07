package holidays

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fi"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lu"
	"github.com/rickar/cal/v2/mx"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/pt"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/us"
)

// libraryCountries are the library's lists of the countries that laws.csv has.
var libraryCountries = map[string][]*cal.Holiday{
	"AR": ar.Holidays,
	"AT": at.Holidays,
	"BE": be.Holidays,
	"BR": br.Holidays,
	"CA": ca.Holidays,
	"DE": de.Holidays,
	"DK": dk.Holidays,
	"ES": es.Holidays,
	"FI": fi.Holidays,
	"FR": fr.Holidays,
	"GB": gb.Holidays,
	"IE": ie.Holidays,
	"IT": it.Holidays,
	"JP": jp.Holidays,
	"LU": lu.Holidays,
	"MX": mx.Holidays,
	"NL": nl.Holidays,
	"NO": no.Holidays,
	"NZ": nz.Holidays,
	"PL": pl.Holidays,
	"PT": pt.Holidays,
	"SE": se.Holidays,
	"US": us.Holidays,
}

// libraryRegions are the lists of the regions, by country and ISO 3166-2 code behind the
// dash. They hold the country's own holidays too.
var libraryRegions = map[string]map[string][]*cal.Holiday{
	"AU": {
		"ACT": au.HolidaysACT,
		"NSW": au.HolidaysNSW,
		"NT":  au.HolidaysNT,
		"QLD": au.HolidaysQLD,
		"SA":  au.HolidaysSA,
		"TAS": au.HolidaysTAS,
		"VIC": au.HolidaysVIC,
		"WA":  au.HolidaysWA,
	},
	"BR": {
		"BA": brazil("Independência da Bahia", time.July, 2),
		"CE": brazil("Data Magna do Ceará", time.March, 25),
		"RJ": brazil("São Jorge", time.April, 23),
		"RS": brazil("Revolução Farroupilha", time.September, 20),
		"SP": brazil("Revolução Constitucionalista", time.July, 9),
	},
	"CH": {
		"AG": ch.HolidaysAG,
		"AI": ch.HolidaysAI,
		"AR": ch.HolidaysAR,
		"BE": ch.HolidaysBE,
		"BL": ch.HolidaysBL,
		"BS": ch.HolidaysBS,
		"FR": ch.HolidaysFR,
		"GE": ch.HolidaysGE,
		"GL": ch.HolidaysGL,
		"GR": ch.HolidaysGR,
		"JU": ch.HolidaysJU,
		"LU": ch.HolidaysLU,
		"NE": ch.HolidaysNE,
		"NW": ch.HolidaysNW,
		"OW": ch.HolidaysOW,
		"SG": ch.HolidaysSG,
		"SH": ch.HolidaysSH,
		"SO": ch.HolidaysSO,
		"SZ": ch.HolidaysSZ,
		"TG": ch.HolidaysTG,
		"TI": ch.HolidaysTI,
		"UR": ch.HolidaysUR,
		"VD": ch.HolidaysVD,
		"VS": ch.HolidaysVS,
		"ZG": ch.HolidaysZG,
		"ZH": ch.HolidaysZH,
	},
	"DE": {
		"BB": de.HolidaysBB,
		"BE": de.HolidaysBE,
		"BW": de.HolidaysBW,
		"BY": de.HolidaysBY,
		"HB": de.HolidaysHB,
		"HE": de.HolidaysHE,
		"HH": de.HolidaysHH,
		"MV": de.HolidaysMV,
		"NI": de.HolidaysNI,
		"NW": de.HolidaysNW,
		"RP": de.HolidaysRP,
		"SH": de.HolidaysSH,
		"SL": de.HolidaysSL,
		"SN": de.HolidaysSN,
		"ST": de.HolidaysST,
		"TH": de.HolidaysTH,
	},
}

// brazil returns the country's list with a holiday that a state has by its own law; the
// library has none of them.
func brazil(name string, month time.Month, dayOfMonth int) []*cal.Holiday {
	own := &cal.Holiday{
		Name:  name,
		Type:  cal.ObservancePublic,
		Month: month,
		Day:   dayOfMonth,
		Func:  cal.CalcDayOfMonth,
	}
	return append(slices.Clone(br.Holidays), own)
}
