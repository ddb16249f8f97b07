package portal

const roomsPath = "/rooms"

func roomPath(id string) string { return roomsPath + "/" + id }
