// Numbers with a derivative: x + e dx, e^2 = 0. What a program computes on them is the program's derivative, exactly.
#pragma once

#include <cmath>
#include <type_traits>

namespace winnow::test {

struct Dual {
  double value = 0, tangent = 0;

  Dual() = default;
  template <typename Number, typename = std::enable_if_t<std::is_arithmetic_v<Number>>>
  Dual(Number number) : value(static_cast<double>(number)) {}  // a constant
  Dual(double x, double dx) : value(x), tangent(dx) {}
  explicit operator double() const { return value; }

  friend Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.tangent + b.tangent}; }
  friend Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.tangent - b.tangent}; }
  friend Dual operator*(Dual a, Dual b) { return {a.value * b.value, a.tangent * b.value + a.value * b.tangent}; }
  friend Dual operator/(Dual a, Dual b) {
    const double quotient = a.value / b.value;
    return {quotient, (a.tangent - quotient * b.tangent) / b.value};
  }
  Dual& operator+=(Dual b) { return *this = *this + b; }
  friend Dual sqrt(Dual a) { return {std::sqrt(a.value), a.tangent / (2 * std::sqrt(a.value))}; }
  friend Dual exp(Dual a) { return {std::exp(a.value), a.tangent * std::exp(a.value)}; }

  // Which way a program goes depends on values only.
  friend bool operator<(Dual a, Dual b) { return a.value < b.value; }
  friend bool operator>(Dual a, Dual b) { return a.value > b.value; }
  friend bool operator<=(Dual a, Dual b) { return a.value <= b.value; }
  friend bool operator>=(Dual a, Dual b) { return a.value >= b.value; }
};

}  // namespace winnow::test
