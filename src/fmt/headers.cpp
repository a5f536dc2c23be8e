// The precompiled header of all other sources is made with this one, which needs nothing else.
