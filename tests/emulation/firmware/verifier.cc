// Model::open alone.
#include "firmware.h"

int main() { return static_cast<int>(kinglet::Model::open(kinglet::firmware::model_file()).status().code()); }
