"""Tables of the trade: mnemonics, units, API numbers, counties and service companies."""
