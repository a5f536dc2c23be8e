// The precompiled header of all tests is made with this one, which needs nothing else.
