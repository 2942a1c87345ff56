// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ShareClaims
/// @notice The share price over one request. The formulas of `PoolShares`, written with a plain product: its own is
/// that of OpenZeppelin's `mulDiv`, whose 512 bits no solver follows.
contract ShareClaims {
    function deposit_neverLowersThePriceOfTheOthers(uint96 assets, uint96 poolAssets, uint128 supply) external pure {
        (uint256 pool, uint256 shares) = (uint256(poolAssets) + 1, uint256(supply) + 1e6);
        uint256 minted = (assets * shares) / pool;
        assert((pool + assets) * shares >= pool * (shares + minted));
    }

    function redeem_neverLowersThePriceOfTheOthers(uint128 redeemed, uint96 poolAssets, uint128 supply) external pure {
        if (redeemed > supply) return;
        (uint256 pool, uint256 shares) = (uint256(poolAssets) + 1, uint256(supply) + 1e6);
        uint256 paid = (redeemed * pool) / shares;
        assert(paid <= pool && (pool - paid) * shares >= pool * (shares - redeemed));
    }

    function partialRedeem_neverLowersThePriceOfTheOthers(
        uint96 paid,
        uint96 poolAssets,
        uint128 supply
    ) external pure {
        (uint256 pool, uint256 shares) = (uint256(poolAssets) + 1, uint256(supply) + 1e6);
        if (paid > poolAssets) return;
        uint256 burnt = (paid * shares + pool - 1) / pool;
        if (burnt > shares) return;
        assert((pool - paid) * shares >= pool * (shares - burnt));
    }

    function roundTrip_neverGains(uint96 assets, uint96 poolAssets, uint128 supply) external pure {
        (uint256 pool, uint256 shares) = (uint256(poolAssets) + 1, uint256(supply) + 1e6);
        uint256 minted = (assets * shares) / pool;
        assert((minted * (pool + assets)) / (shares + minted) <= assets);
    }

    function claims_neverPayMoreThanWasFulfilled(uint96 part, uint96 assets, uint128 shares) external pure {
        if (assets == 0 || part > assets) return;
        assert((uint256(part) * shares) / assets <= shares);
    }

    function refuted_deposit_roundedUpLeavesThePrice(uint96 assets, uint96 poolAssets, uint128 supply) external pure {
        (uint256 pool, uint256 shares) = (uint256(poolAssets) + 1, uint256(supply) + 1e6);
        uint256 minted = (assets * shares + pool - 1) / pool;
        assert((pool + assets) * shares >= pool * (shares + minted));
    }
}
