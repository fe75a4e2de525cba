"""What the operator has decided about users and rooms: bans, kicks, closed rooms."""
