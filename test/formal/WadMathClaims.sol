// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {WadMath} from "../../contracts/libraries/WadMath.sol";

/// @title WadMathClaims
/// @notice Rounding: every quotient is within one of the exact one, on the side that its name says.
contract WadMathClaims {
    function mulDivUp_isTheCeiling(uint128 a, uint128 b, uint128 c) external pure {
        if (c == 0) return;
        uint256 product = uint256(a) * b;
        uint256 result = WadMath.mulDivUp(a, b, c);
        assert(result * c >= product && (result == 0 || (result - 1) * c < product));
    }

    function mulDivUp_growsWithItsFactor(uint128 a, uint128 more, uint128 b, uint128 c) external pure {
        if (c == 0 || a > more) return;
        assert(WadMath.mulDivUp(a, b, c) <= WadMath.mulDivUp(more, b, c));
    }

    function mulDivUp_fallsWithItsDivisor(uint128 a, uint128 b, uint128 c, uint128 larger) external pure {
        if (c == 0 || c > larger) return;
        assert(WadMath.mulDivUp(a, b, larger) <= WadMath.mulDivUp(a, b, c));
    }

    function mulWadDown_isTheFloor(uint128 a, uint128 b) external pure {
        uint256 product = uint256(a) * b;
        uint256 result = WadMath.mulWadDown(a, b);
        assert(result * 1e18 <= product && product - result * 1e18 < 1e18);
    }

    function mulWadUp_isTheCeiling(uint128 a, uint128 b) external pure {
        uint256 product = uint256(a) * b;
        uint256 result = WadMath.mulWadUp(a, b);
        assert(result * 1e18 >= product && result * 1e18 - product < 1e18);
    }

    function divWadUp_isTheCeiling(uint128 a, uint128 b) external pure {
        if (b == 0) return;
        uint256 product = uint256(a) * 1e18;
        uint256 result = WadMath.divWadUp(a, b);
        assert(result * b >= product && (result == 0 || (result - 1) * b < product));
    }

    function divFloor_isTheFloor(int192 a, int128 b) external pure {
        if (b <= 0) return;
        int256 result = WadMath.divFloor(a, b);
        assert(result * b <= a && a - result * b < b);
    }

    function mulWadFloor_isTheFloor(int128 a, int128 b) external pure {
        int256 product = int256(a) * b;
        int256 result = WadMath.mulWadFloor(a, b);
        assert(result * 1e18 <= product && product - result * 1e18 < 1e18);
    }

    function mulWadCeil_isTheCeiling(int128 a, int128 b) external pure {
        int256 product = int256(a) * b;
        int256 result = WadMath.mulWadCeil(a, b);
        assert(result * 1e18 >= product && result * 1e18 - product < 1e18);
    }

    function mulWadCeil_owedAndReceivedNeverFavourBoth(int128 a, int128 b) external pure {
        // What one pays and the other receives at the same index: LAW-8.
        assert(WadMath.mulWadCeil(a, b) + WadMath.mulWadCeil(-int256(a), b) >= 0);
    }

    function clamp_staysWithin(int256 a, int256 lower, int256 upper) external pure {
        if (lower > upper) return;
        int256 result = WadMath.clamp(a, lower, upper);
        assert(result >= lower && result <= upper && (a < lower || a > upper || result == a));
    }

    function refuted_mulWadDown_isTheCeiling(uint128 a, uint128 b) external pure {
        assert(WadMath.mulWadDown(a, b) * 1e18 >= uint256(a) * b);
    }

    function refuted_mulWadUp_isTheFloor(uint128 a, uint128 b) external pure {
        assert(WadMath.mulWadUp(a, b) * 1e18 <= uint256(a) * b);
    }

    function refuted_mulWadFloor_isTheCeiling(int128 a, int128 b) external pure {
        assert(WadMath.mulWadFloor(a, b) * 1e18 >= int256(a) * b);
    }

    function refuted_mulWadCeil_isTheFloor(int128 a, int128 b) external pure {
        assert(WadMath.mulWadCeil(a, b) * 1e18 <= int256(a) * b);
    }

    function refuted_divFloor_truncates(int192 a, int128 b) external pure {
        if (b <= 0) return;
        assert(WadMath.divFloor(a, b) == a / b);
    }
}
