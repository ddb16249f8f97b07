// Package rowfile is what files of orders and of rooms have in common: CSV with
// named columns, and JSON as an array or one object after the other, both read
// row by row with memory that does not grow with the file.
package rowfile

// The formats of a file.
const (
	CSV  = "csv"
	JSON = "json"
)

// MaxObject is how large one object of a JSON file may be, in bytes.
const MaxObject = 1 << 20

// Codes of a file that cannot be read as a whole, and of its header and rows.
const (
	Unreadable      = "FILE_UNREADABLE"
	Empty           = "FILE_EMPTY"
	UnknownColumn   = "UNKNOWN_COLUMN"
	MissingColumn   = "MISSING_COLUMN"
	DuplicateColumn = "DUPLICATE_COLUMN"
	WrongColumns    = "WRONG_COLUMNS"
	RowsDiffer      = "ROWS_DIFFER" // two rows say different things of the same
)
