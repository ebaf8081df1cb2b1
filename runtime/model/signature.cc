#include "kinglet/signature.h"

namespace kinglet {

Result<Model> open_signed(std::span<const std::byte> file, const Signature& signature) {
  if (signature.check == nullptr) return Status{Code::kBadArgument, "nothing checks the signature"};
  if (!signature.check(signature.context, file))
    return Status{Code::kBadFile, "the signature of the file is not valid"};
  return Model::open(file);
}

}  // namespace kinglet
