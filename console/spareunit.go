package console

const sparesPath = Root + "/spares"

func spareUnitPath(name string) string { return sparesPath + "/units/" + name }
