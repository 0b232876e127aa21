package allocation

// purse is what a round may still spend, in bits per second.
type purse struct {
	budget int // for what is forwarded already
	growth int // for what is not: it has to leave headroom
	held   int // what the round began with, 0 if that is over the budget
	spent  int
}

func newPurse(budget, held int) purse {
	budget = max(budget, 0)
	if held > budget {
		held = 0
	}
	return purse{budget: budget, growth: budget - budget/100*headroom, held: held}
}

// keep spends n on what is forwarded already, if it is there.
func (m *purse) keep(n int) bool { return m.pay(n, m.budget) }

// grow spends n on an upgrade, if it is there.
func (m *purse) grow(n int) bool { return m.pay(n, m.growth) }

// move spends n on an upgrade without headroom, from what others hold and can
// be taken: that much has proven to fit. fixed is what of it cannot be taken.
func (m *purse) move(n, fixed int) bool { return m.pay(n, m.held-fixed) }

func (m *purse) pay(n, limit int) bool {
	if n > limit-m.spent {
		return false
	}
	m.spent += n
	return true
}

// reserve keeps n out of reach of upgrades, if it is there, for somebody more
// wanted who has to wait. It takes nothing from what is in use.
func (m *purse) reserve(n int) {
	if n <= m.growth-m.spent {
		m.growth -= n
	}
}
