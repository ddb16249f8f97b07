package doctor

import (
	"testing"

	"roomcover.dev/roomcover/models/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
