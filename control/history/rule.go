package history

// The rules by which records become rows. Each gives the same row whatever the order of records and however
// often they come: of two that say different things of one fact, an order of values decides, never of arrival.

// keepSession takes what is known of a session. Even where it changes nothing it locks the row (PostgreSQL), so
// that of a closing and a joining at the same moment the later sees the earlier.
var keepSession = statement{
	head:    `INSERT INTO session (company, session, room, started, opened, room_kind, pop, node, closed) VALUES `,
	columns: 9, key: 2,
	tail: ` ON CONFLICT (company, session) DO UPDATE SET
	room = CASE WHEN excluded.room < session.room THEN excluded.room ELSE session.room END,
	started = CASE WHEN excluded.started < session.started THEN excluded.started ELSE session.started END,
	opened = CASE WHEN ` + openedBefore + ` THEN excluded.opened ELSE session.opened END,
	room_kind = CASE WHEN ` + openedBefore + ` THEN excluded.room_kind ELSE session.room_kind END,
	pop = CASE WHEN ` + openedBefore + ` THEN excluded.pop ELSE session.pop END,
	node = CASE WHEN ` + openedBefore + ` THEN excluded.node ELSE session.node END,
	closed = CASE WHEN ` + closedAfter + ` THEN excluded.closed ELSE session.closed END
	WHERE excluded.room < session.room OR excluded.started < session.started OR (` + openedBefore + `) OR (` + closedAfter + `)`,
}

const (
	openedBefore = `excluded.opened IS NOT NULL AND (session.opened IS NULL OR
		(excluded.opened, excluded.room_kind, excluded.pop, excluded.node) < (session.opened, session.room_kind, session.pop, session.node))`
	closedAfter = `excluded.closed IS NOT NULL AND (session.closed IS NULL OR excluded.closed > session.closed)`
)

// keepJoined takes the earliest beginning of a presence. What was forgotten stays so.
var keepJoined = statement{
	head: `INSERT INTO presence (company, session, presence, room, peer, joined, role, mode, pop, node, person, name, attributes)
	VALUES `,
	columns: 13, key: 3,
	tail: ` ON CONFLICT (company, session, presence) DO UPDATE SET
	room = excluded.room, joined = excluded.joined, role = excluded.role, mode = excluded.mode, pop = excluded.pop, node = excluded.node,
	peer = CASE WHEN presence.forgotten = 1 THEN presence.peer ELSE excluded.peer END,
	person = CASE WHEN presence.forgotten = 1 THEN '' ELSE excluded.person END,
	name = CASE WHEN presence.forgotten = 1 THEN '' ELSE excluded.name END,
	attributes = CASE WHEN presence.forgotten = 1 THEN '' ELSE excluded.attributes END
	WHERE presence.joined IS NULL OR
		(excluded.joined, excluded.room, excluded.peer, excluded.role, excluded.mode, excluded.pop, excluded.node,
			excluded.person, excluded.name, excluded.attributes) <
		(presence.joined, presence.room, presence.peer, presence.role, presence.mode, presence.pop, presence.node,
			presence.person, presence.name, presence.attributes)`,
}

// keepLeft takes the one end of a presence, see record.Reason.Rank.
var keepLeft = statement{
	head:    `INSERT INTO presence (company, session, presence, room, peer, ended, reason, rank) VALUES `,
	columns: 8, key: 3,
	tail: ` ON CONFLICT (company, session, presence) DO UPDATE SET
	ended = excluded.ended, reason = excluded.reason, rank = excluded.rank
	WHERE excluded.rank > presence.rank OR excluded.rank = presence.rank AND excluded.ended < presence.ended`,
}

// keepTick takes the newest tick of a presence; the ones before say nothing more.
var keepTick = statement{
	head:    `INSERT INTO presence (company, session, presence, room, peer, tick) VALUES `,
	columns: 6, key: 3,
	tail: ` ON CONFLICT (company, session, presence) DO UPDATE SET tick = excluded.tick
	WHERE excluded.tick > presence.tick`,
}

// endWithSession ends what is open in closed sessions. An end of its own, which has a rank, counts more,
// whenever it comes.
var endWithSession = statement{
	head: `UPDATE presence SET ended = s.closed, reason = 'room_closed' FROM session AS s
	WHERE s.company = presence.company AND s.session = presence.session AND s.closed IS NOT NULL
		AND presence.joined IS NOT NULL AND presence.rank = 0 AND (presence.ended IS NULL OR presence.ended <> s.closed)
		AND (s.company, s.session) IN (VALUES `,
	columns: 2, key: 2,
	tail: `)`,
}

// keepMessage takes a message at its first place.
var keepMessage = statement{
	head:    `INSERT INTO message (company, session, message, seq, written, peer, name, text) VALUES `,
	columns: 8, key: 3,
	tail: ` ON CONFLICT (company, session, message) DO UPDATE SET
	seq = excluded.seq, written = excluded.written, peer = excluded.peer, name = excluded.name, text = excluded.text
	WHERE message.forgotten = 0 AND
		(excluded.seq, excluded.written, excluded.peer, excluded.name, excluded.text) <
		(message.seq, message.written, message.peer, message.name, message.text)`,
}

// keepAudit takes an event, which is made once.
var keepAudit = statement{
	head:    `INSERT INTO audit (company, event, happened, actor, action, object_kind, object_id, request, changes) VALUES `,
	columns: 9, key: 2,
	tail: ` ON CONFLICT (company, event) DO NOTHING`,
}
