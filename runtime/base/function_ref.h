// A function that is called through a pointer, so that what calls it is compiled once and not for each that it may be given. It refers to a
// callable, which has to live as long.
#pragma once

namespace kinglet {

template <class Signature>
class FunctionRef;

template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  FunctionRef(const F& callable)  // NOLINT(google-explicit-constructor)
      : callable_(&callable),
        call_([](const void* of, Args... args) -> R { return (*static_cast<const F*>(of))(args...); }) {}

  R operator()(Args... args) const { return call_(callable_, args...); }

 private:
  const void* callable_;
  R (*call_)(const void*, Args...);
};

}  // namespace kinglet
