package state

// CreateRoom adds a room of a company.
type CreateRoom struct {
	ID              string `json:"id"`
	Company         string `json:"company"`
	PublicID        string `json:"public_id"`
	Kind            string `json:"kind"`
	HomePOP         string `json:"home_pop,omitempty"`
	Open            bool   `json:"open,omitempty"`
	MaxParticipants int    `json:"max_participants,omitempty"`
}

// Name implements Command.
func (*CreateRoom) Name() string { return "room.create" }

func (c *CreateRoom) apply(tx *tx) (any, error) {
	if err := checkID("id", c.ID); err != nil {
		return nil, err
	}
	r := Room{
		ID: c.ID, Company: c.Company, PublicID: c.PublicID, Kind: c.Kind, HomePOP: c.HomePOP, Open: c.Open,
		MaxParticipants: c.MaxParticipants, CreatedAt: tx.at,
	}
	if err := checkRoom(&r); err != nil {
		return nil, err
	}
	if _, err := tx.company(c.Company); err != nil {
		return nil, err
	}
	v := tx.view()
	if _, ok := v.RoomByID(c.ID); ok {
		return nil, conflict("id", "a room with this id exists")
	}
	if _, ok := v.Room(c.Company, c.PublicID); ok {
		return nil, conflict("public_id", "the company has a room with this public id")
	}
	return r, tx.put(KindRoom, &r)
}

// UpdateRoom changes the fields that are given.
type UpdateRoom struct {
	Company         string  `json:"company"`
	ID              string  `json:"id"`
	Kind            *string `json:"kind,omitempty"`
	HomePOP         *string `json:"home_pop,omitempty"`
	Open            *bool   `json:"open,omitempty"`
	MaxParticipants *int    `json:"max_participants,omitempty"`
}

// Name implements Command.
func (*UpdateRoom) Name() string { return "room.update" }

func (c *UpdateRoom) apply(tx *tx) (any, error) {
	r, err := tx.room(c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	set(&r.Kind, c.Kind)
	set(&r.HomePOP, c.HomePOP)
	set(&r.Open, c.Open)
	set(&r.MaxParticipants, c.MaxParticipants)
	if err := checkRoom(&r); err != nil {
		return nil, err
	}
	return r, tx.put(KindRoom, &r)
}

// DeleteRoom removes a room.
type DeleteRoom struct {
	Company string `json:"company"`
	ID      string `json:"id"`
}

// Name implements Command.
func (*DeleteRoom) Name() string { return "room.delete" }

func (c *DeleteRoom) apply(tx *tx) (any, error) {
	r, err := tx.room(c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	return r, tx.del(KindRoom, r.ID, &r)
}

func checkRoom(r *Room) error {
	if err := checkPublicID("public_id", r.PublicID); err != nil {
		return err
	}
	if err := checkRoomKind(r.Kind); err != nil {
		return err
	}
	if r.HomePOP != "" {
		if err := checkID("home_pop", r.HomePOP); err != nil {
			return err
		}
	}
	return checkMaxParticipants(r.MaxParticipants)
}
