// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BorrowMath} from "../../contracts/libraries/BorrowMath.sol";
import {FundingMath} from "../../contracts/libraries/FundingMath.sol";
import {SkewMath} from "../../contracts/libraries/SkewMath.sol";
import {WadMath} from "../../contracts/libraries/WadMath.sol";

/// @title OverflowClaims
/// @notice Nothing overflows for any operands of the widths that storage has: asked of every operation below.
contract OverflowClaims {
    function mulDivUp_holdsProductsOf128Bits(uint128 a, uint128 b, uint128 c) external pure {
        if (c != 0) WadMath.mulDivUp(a, b, c);
    }

    function mulWad_holdsProductsOf128Bits(int128 a, int128 b) external pure {
        WadMath.mulWadFloor(a, b);
        WadMath.mulWadCeil(a, b);
    }

    function fillPrice_holdsFieldsOf96Bits(uint96 price, int96 skew, int96 delta, uint96 scale) external pure {
        if (scale != 0) SkewMath.fillPrice(price, skew, delta, scale);
    }

    function premium_holdsFieldsOf96Bits(uint96 price, int96 skew, uint96 scale) external pure {
        if (scale != 0) SkewMath.premium(price, skew, scale);
    }

    function velocity_holdsFieldsOf96Bits(uint96 price, int96 skew, uint64 rate, uint96 scale) external pure {
        if (scale != 0) FundingMath.velocity(price, skew, rate, scale);
    }

    function borrowFee_holdsItsFields(uint96 reserve, uint64 index, uint64 snapshot) external pure {
        if (index >= snapshot) BorrowMath.owed(reserve, index, snapshot);
    }
}
