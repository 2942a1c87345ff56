// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @dev A stream of choices drawn from one seed.
struct Dice {
    uint256 state;
}

/// @title Random
/// @notice Bounded choices. One seed decides a whole action, so a run is repeated by repeating its seeds.
library Random {
    function dice(uint256 seed, uint256 salt) internal pure returns (Dice memory) {
        return Dice(uint256(keccak256(abi.encode(seed, salt))));
    }

    /// @notice A number in `[0, bound)`.
    function below(Dice memory self, uint256 bound) internal pure returns (uint256) {
        self.state = uint256(keccak256(abi.encode(self.state)));
        return self.state % bound;
    }

    /// @notice A number in `[lower, upper]`.
    function between(Dice memory self, uint256 lower, uint256 upper) internal pure returns (uint256) {
        return lower + below(self, upper - lower + 1);
    }

    /// @notice True in `percent` of 100 cases.
    function chance(Dice memory self, uint256 percent) internal pure returns (bool) {
        return below(self, 100) < percent;
    }

    /// @notice A number in `[lower, upper]`, every magnitude as likely as every other; each bound in one case of ten.
    function spread(Dice memory self, uint256 lower, uint256 upper) internal pure returns (uint256) {
        uint256 choice = below(self, 10);
        if (choice == 0 || lower >= upper) return lower;
        if (choice == 1) return upper;
        uint256 least = lower == 0 ? 1 : lower;
        uint256 doublings;
        while (least << (doublings + 1) <= upper) ++doublings;
        uint256 floor = least << below(self, doublings + 1);
        uint256 ceiling = 2 * floor < upper ? 2 * floor : upper;
        return between(self, floor, ceiling);
    }
}
