// What every firmware of this port has: vectors, start-up, faults. Its size is no part of the runtime's.
int main() { return 0; }
