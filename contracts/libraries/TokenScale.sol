// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title TokenScale
/// @notice The one gate between WAD amounts and whole token units.
library TokenScale {
    /// @notice Thrown when a token has more decimals than a WAD.
    /// @param decimals What the token reports.
    error TooManyDecimals(uint8 decimals);

    /// @notice What an account holds, asked in scratch memory: every pull asks twice, at 250 of gas less each.
    /// @param token The token; what it throws is thrown on.
    /// @param account Whose balance.
    /// @return held The balance [token].
    function balanceOf(IERC20 token, address account) internal view returns (uint256 held) {
        bytes4 selector = IERC20.balanceOf.selector;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, account)
            if iszero(and(gt(returndatasize(), 0x1f), staticcall(gas(), token, 0, 0x24, 0, 0x20))) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
            held := mload(0)
        }
    }

    /// @notice WAD units in one token unit.
    /// @param decimals Decimals of the token, at most 18.
    /// @return scale `10 ** (18 − decimals)`.
    function scaleOf(uint8 decimals) internal pure returns (uint256 scale) {
        require(decimals <= 18, TooManyDecimals(decimals));
        return 10 ** (18 - decimals);
    }

    /// @notice Token units as WAD; exact.
    /// @param amountToken Any amount [token].
    /// @param scale WAD units in one token unit.
    /// @return The same amount [WAD].
    function toWad(uint256 amountToken, uint256 scale) internal pure returns (uint256) {
        return amountToken * scale;
    }

    /// @notice WAD as token units, rounded down.
    /// @param amount Any amount [WAD].
    /// @param scale WAD units in one token unit.
    /// @return Whole token units that `amount` pays for [token].
    function toTokenDown(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return amount / scale;
    }

    /// @notice The largest WAD amount up to `amount` that is a whole number of token units.
    /// @param amount Any amount [WAD].
    /// @param scale WAD units in one token unit.
    /// @return A multiple of `scale` [WAD].
    function floorToToken(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return amount - (amount % scale);
    }

    /// @notice The smallest WAD amount from `amount` that is a whole number of token units.
    /// @param amount Any amount [WAD].
    /// @param scale WAD units in one token unit.
    /// @return A multiple of `scale` [WAD].
    function ceilToToken(uint256 amount, uint256 scale) internal pure returns (uint256) {
        return floorToToken(amount + scale - 1, scale);
    }
}
